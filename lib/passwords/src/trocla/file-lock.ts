// flock(2), which Node.js lacks. The lock belongs to the open file; closing it ends the lock.
// LOCK_SH 1, LOCK_EX 2 on every Linux.

import { createRequire } from 'node:module';
import { PasswordStoreError } from '../password-store.ts';

type Flock = (descriptor: number, operation: number) => number;
type Koffi = Pick<typeof import('koffi'), 'load' | 'errno'>;

let bound: { readonly koffi: Koffi; readonly flock: Flock } | undefined;

/** koffi's native part alone: its own loader, which looks for it in many places, takes eight times as long. */
const loadKoffi = (): Koffi => {
  const require = createRequire(import.meta.url);
  const { arch } = process;
  try {
    return require(`@koromix/koffi-linux-${arch}/linux_${arch}/koffi.node`);
  } catch {
    return require('koffi');
  }
};

const bind = () => {
  if (bound === undefined) {
    const koffi = loadKoffi();
    bound = { koffi, flock: koffi.load('libc.so.6').func('int flock(int, int)') as unknown as Flock };
  }
  return bound;
};

const EINTR = 4;

/** Waits until the open file is ours, together with other readers (`shared`) or alone. */
export const lockFile = (descriptor: number, kind: 'shared' | 'exclusive'): void => {
  const { koffi, flock } = bind();
  while (flock(descriptor, kind === 'shared' ? 1 : 2) !== 0) {
    const errno = koffi.errno();
    if (errno !== EINTR) throw new PasswordStoreError('unreachable', `the file cannot be locked (errno ${errno})`);
  }
};
