// Finds a keyring or makes it. Invariant: of many processes that make the same one at once, one wins and all use that one; no
// keyring that somebody may have written to is displaced. It is made where nobody looks, in the thread's own keyring, and moved
// to its place in one step that fails if the place is taken. keyctl_move(3), Linux 5.3

import type { KernelText } from './argument-checks.ts';
import * as keyctl from './keyctl.ts';
import { isKeyctlError, isMissing } from './keyctl-error.ts';
import { Keyring } from './keyring.ts';
import { specialKeyring } from './special-keyring.ts';

const MAX_TRIES = 1_000;

const pause = (): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
};

/** A link to a revoked or expired keyring still takes its place. Only links to what is dead are removed. */
const removeDeadLinks = (parent: number): void => {
  for (const id of new Keyring(parent).ids()) {
    try {
      keyctl.describe(id);
    } catch (error) {
      if (!isKeyctlError(error, 'EKEYREVOKED', 'EKEYEXPIRED')) continue;
      try {
        keyctl.unlink(id, parent);
      } catch (unlinked) {
        // Another process was faster, or the collector.
        if (!isKeyctlError(unlinked, 'ENOENT') && !isMissing(unlinked)) throw unlinked;
      }
    }
  }
};

/** Tries to put a new keyring into its place; undefined if the place is taken. */
const tryToMake = (parent: number, name: KernelText): number | undefined => {
  const { thread } = specialKeyring;
  const made = keyctl.addKey('keyring', name, null, thread);
  try {
    keyctl.move(made, thread, parent, { exclusive: true });
    return made;
  } catch (error) {
    keyctl.unlink(made, thread);
    if (isKeyctlError(error, 'EEXIST')) return undefined;
    // Before Linux 5.3 there is no move: the narrowest race that is left.
    if (isKeyctlError(error, 'EOPNOTSUPP')) return keyctl.addKey('keyring', name, null, parent);
    throw error;
  }
};

/**
 * The keyring of that name in `parent` or nested in it, made in `parent` if there is none.
 *
 * @throws {KeyctlError} if the kernel refuses, `EACCES` among others if `parent` may not be written to.
 */
export const makeKeyring = (
  parent: number,
  name: KernelText,
): { readonly keyring: Keyring; readonly isNew: boolean } => {
  const from = new Keyring(parent);
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const found = from.searchKeyring(name);
    if (found !== undefined) return { keyring: found, isNew: false };
    const made = tryToMake(parent, name);
    if (made !== undefined) return { keyring: new Keyring(made), isNew: true };
    if (from.searchKeyring(name) === undefined) {
      removeDeadLinks(parent);
      pause();
    }
  }
  throw new Error('the place of the keyring is taken by something that cannot be used or removed');
};
