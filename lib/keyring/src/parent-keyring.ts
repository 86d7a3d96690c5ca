// Where a store's keyring hangs. Invariant: a store reads from any parent, but makes a keyring only in one that outlives the
// process: never in a session that is not there. keyrings(7), persistent-keyring(7), user-keyring(7)

import { checkId } from './argument-checks.ts';
import * as keyctl from './keyctl.ts';
import { KeyringError } from './keyring-error.ts';
import { findSession } from './session.ts';
import { specialKeyring } from './special-keyring.ts';

/**
 * `session`: the login's, as the Python backend has it. `user`: the uid's own, shared by all its processes while there is one.
 * `persistent`: the uid's, which stays for days after the last logout. A number: the id of a keyring.
 */
export type ParentChoice = 'session' | 'user' | 'persistent' | number;

/** A parent, resolved for the calling thread. */
export interface ParentKeyring {
  /** The id to search from. */
  readonly toSearch: () => number;
  /** The id to make a keyring in. @throws {KeyringError} `no-session`, `session-revoked` or `unavailable`. */
  readonly toMakeIn: () => number;
}

const sessionParent: ParentKeyring = {
  toSearch: () => specialKeyring.session,
  toMakeIn: () => {
    const session = findSession();
    if (session.kind === 'session') return session.id;
    throw new KeyringError(session.kind === 'none' ? 'no-session' : 'session-revoked');
  },
};

/** What lies in the uid's own keyring is possessed only through a keyring of the thread: it is linked there, for this thread. */
const userParent = (): ParentKeyring => {
  let isLinked = false;
  const resolve = (): number => {
    if (!isLinked) keyctl.link(specialKeyring.user, specialKeyring.thread);
    isLinked = true;
    return specialKeyring.user;
  };
  return { toSearch: resolve, toMakeIn: resolve };
};

const persistentParent = (): ParentKeyring => {
  // Each time: it also starts the keyring's own expiry anew.
  const resolve = (): number => keyctl.getPersistent(-1, specialKeyring.thread);
  return { toSearch: resolve, toMakeIn: resolve };
};

/** Makes a parent of a choice. Nothing is asked of the kernel yet. */
export const chooseParent = (choice: ParentChoice): ParentKeyring => {
  if (choice === 'session') return sessionParent;
  if (choice === 'user') return userParent();
  if (choice === 'persistent') return persistentParent();
  const id = checkId(choice, 'the parent keyring');
  if (id === specialKeyring.session) return sessionParent;
  return { toSearch: () => id, toMakeIn: () => id };
};
