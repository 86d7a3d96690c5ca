// The foreign function interface. Its binary is taken by its path if it lies beside us: koffi's own way to it costs six milliseconds, a
// quarter of what Node.js needs to start, and only adds names that are deprecated.

import { createRequire } from 'node:module';

type Koffi = Pick<typeof import('koffi'), 'load' | 'errno' | 'address'>;

/** Loads it at its first use. */
export const loadKoffi = (): Koffi => {
  const require = createRequire(import.meta.url);
  const { arch } = process;
  try {
    return require(`@koromix/koffi-linux-${arch}/linux_${arch}/koffi.node`);
  } catch {
    // Another C library, or packages laid out in another way.
    return require('koffi');
  }
};
