// The operations on keyrings and on what a thread is subscribed to. keyctl(2), keyrings(7)

import {
  checkAccountId,
  checkDescription,
  checkId,
  checkText,
  checkType,
  checkUnsigned,
  type KernelText,
  MAX_DESCRIPTION_BYTES,
} from './argument-checks.ts';
import { readSized } from './read-sized.ts';
import { noteChange } from './recent.ts';
import { answered, systemCalls } from './system-call.ts';

const operation = {
  getKeyringId: 0,
  joinSessionKeyring: 1,
  clear: 7,
  link: 8,
  unlink: 9,
  search: 10,
  setRequestKeyKeyring: 14,
  sessionToParent: 18,
  getPersistent: 22,
  restrictKeyring: 29,
  move: 30,
  capabilities: 31,
  watchKey: 32,
} as const;

const KEYRING_ARGUMENT = 'the id of a keyring';

/** {@link move} fails instead of displacing a key of the same name. */
const MOVE_EXCLUSIVE = 1;

/** The real id of a special keyring. With `create`, one that is missing is made; never do that with the session's. */
export const getKeyringId = (id: number, create = false): number =>
  answered('get_keyring_id', systemCalls().numbers(operation.getKeyringId, checkId(id), create ? 1 : 0));

/**
 * Gives the calling thread another session keyring: a new one without a name, or the one of that name. Only threads and
 * processes made afterwards get it too. Any process of the uid can join and read a session that has a name.
 */
export const joinSessionKeyring = (name: KernelText | null = null): number => {
  noteChange();
  const checked = name === null ? null : checkText(name, 'the name of a session', MAX_DESCRIPTION_BYTES);
  return answered('join_session_keyring', systemCalls().text(operation.joinSessionKeyring, checked));
};

/** Gives the parent process the caller's session keyring. A parent with threads (any Node.js) refuses it. */
export const sessionToParent = (): void => {
  noteChange();
  answered('session_to_parent', systemCalls().numbers(operation.sessionToParent));
};

/** Removes every link of a keyring. */
export const clear = (keyring: number): void => {
  noteChange();
  answered('clear', systemCalls().numbers(operation.clear, checkId(keyring, KEYRING_ARGUMENT)));
};

/** Links a key to a keyring; a key of the same type and description that is there is displaced. */
export const link = (id: number, keyring: number): void => {
  noteChange();
  answered('link', systemCalls().numbers(operation.link, checkId(id), checkId(keyring, KEYRING_ARGUMENT)));
};

/** Removes one link. Whoever holds another goes on reading the key: see `invalidate`. */
export const unlink = (id: number, keyring: number): void => {
  noteChange();
  answered('unlink', systemCalls().numbers(operation.unlink, checkId(id), checkId(keyring, KEYRING_ARGUMENT)));
};

/**
 * Looks for a key in a keyring and those nested in it, the nearest first.
 *
 * @param destination where the key is linked to if it is found; 0 for nowhere.
 */
export const search = (keyring: number, type: KernelText, description: KernelText, destination = 0): number => {
  const [kind, name] = [checkType(type), checkDescription(description)];
  const from = checkId(keyring, KEYRING_ARGUMENT);
  const into = checkId(destination, KEYRING_ARGUMENT);
  return answered('search', systemCalls().idTexts(operation.search, from, kind, name, into));
};

/** Moves a key between keyrings in one step. With `exclusive` it fails with EEXIST if the name is taken there. */
export const move = (id: number, from: number, to: number, { exclusive = false } = {}): void => {
  noteChange();
  const [source, target] = [checkId(from, KEYRING_ARGUMENT), checkId(to, KEYRING_ARGUMENT)];
  const flags = exclusive ? MOVE_EXCLUSIVE : 0;
  answered('move', systemCalls().numbers(operation.move, checkId(id), source, target, flags));
};

/**
 * The persistent keyring of a uid, linked to `keyring`, its own expiry started anew. It outlives the login.
 *
 * @param uid -1 for one's own; another one's needs CAP_SETUID.
 */
export const getPersistent = (uid: number, keyring: number): number => {
  noteChange();
  const owner = checkAccountId(uid, 'the uid');
  const into = checkId(keyring, KEYRING_ARGUMENT);
  return answered('get_persistent', systemCalls().numbers(operation.getPersistent, owner, into));
};

/** Lets a keyring take only such links; with `null` for both, none any more. It can be done once. */
export const restrictKeyring = (keyring: number, type: KernelText | null, restriction: KernelText | null): void => {
  noteChange();
  const kind = type === null ? null : checkType(type);
  const rule = restriction === null ? null : checkText(restriction, 'the restriction', MAX_DESCRIPTION_BYTES);
  const id = checkId(keyring, KEYRING_ARGUMENT);
  answered('restrict_keyring', systemCalls().idTexts(operation.restrictKeyring, id, kind, rule));
};

/** Sets where `request_key` puts keys that it makes for this thread (-1 only asks), and gives what was set. */
export const setRequestKeyKeyring = (where: number): number =>
  answered('set_reqkey_keyring', systemCalls().numbers(operation.setRequestKeyKeyring, checkId(where, 'the keyring')));

/** The bytes in which the kernel says what its key facility can do. */
export const capabilities = (): Buffer =>
  readSized((into) => answered('capabilities', systemCalls().buffer(operation.capabilities, into, into.length)));

/** Has changes of a key written to a watch queue; -1 as `watchId` ends it. Kernels without notifications refuse. */
export const watchKey = (id: number, queueDescriptor: number, watchId: number): void => {
  const queue = checkUnsigned(queueDescriptor, 'the descriptor', 0x7fff_ffff);
  if (watchId !== -1) checkUnsigned(watchId, 'the id of the watch', 255);
  answered('watch_key', systemCalls().numbers(operation.watchKey, checkId(id), queue, watchId));
};
