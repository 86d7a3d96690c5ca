// The operations on keys, as the kernel has them: bytes in, bytes out, every argument checked, every refusal a KeyctlError.
// keyctl(2) and the page of each operation, such as keyctl_read(3); add_key(2); request_key(2)

import {
  checkAccountId,
  checkBytes,
  checkDescription,
  checkId,
  checkText,
  checkType,
  checkUnsigned,
  type KernelText,
  MAX_DESCRIPTION_BYTES,
} from './argument-checks.ts';
import { checkMask } from './permissions.ts';
import { putKey } from './put-key.ts';
import { readSized } from './read-sized.ts';
import { noteChange } from './recent.ts';
import { handOver } from './secret-buffer.ts';
import { answered, systemCalls } from './system-call.ts';

const operation = {
  update: 2,
  revoke: 3,
  chown: 4,
  setPermissions: 5,
  describe: 6,
  read: 11,
  setTimeout: 15,
  getSecurity: 17,
  invalidate: 21,
} as const;

const KEYRING_ARGUMENT = 'the id of a keyring';

/**
 * Makes a key in a keyring, or updates the one of the same type and description that is directly in it. An update keeps id,
 * owner and mask, and removes the expiry. A type that cannot update gets a new key, which displaces the old one.
 *
 * @param payload `null` for a keyring. Copied by the kernel; the caller wipes it.
 * @returns the key's id.
 */
export const addKey = (
  type: KernelText,
  description: KernelText,
  payload: Uint8Array | null,
  keyring: number,
): number => {
  noteChange();
  return putKey(type, description, payload, keyring);
};

/**
 * Looks for a key in the thread's, the process's and the session's keyring. It never starts a helper program: a store of
 * passwords has no business to do that.
 *
 * @param keyring where the key is linked to if it is found; 0 for nowhere.
 */
export const requestKey = (type: KernelText, description: KernelText, keyring = 0): number => {
  const [kind, name] = [checkType(type), checkDescription(description)];
  const into = checkId(keyring, KEYRING_ARGUMENT);
  return answered('request_key', systemCalls().requestKey(kind, name, null, into));
};

/** As {@link requestKey}, but a key that is missing is made by the system's request-key program, which root has set up. */
export const requestKeyFromHelper = (
  type: KernelText,
  description: KernelText,
  calloutInfo: KernelText,
  keyring = 0,
): number => {
  const [kind, name] = [checkType(type), checkDescription(description)];
  const info = checkText(calloutInfo, 'the callout info', MAX_DESCRIPTION_BYTES);
  const into = checkId(keyring, KEYRING_ARGUMENT);
  return answered('request_key', systemCalls().requestKey(kind, name, info, into));
};

/**
 * Replaces a key's payload, and removes its expiry. The kernel takes at most a page this way, 4,096 bytes; {@link addKey} takes more.
 * The caller wipes `payload`.
 */
export const update = (id: number, payload: Uint8Array): void => {
  noteChange();
  const size = checkBytes(payload, 'the payload').length;
  const { idBuffer } = systemCalls();
  answered(
    'update',
    handOver(payload, (bytes) => idBuffer(operation.update, checkId(id), bytes, size)),
  );
};

/** Makes every use of a key fail at once, for everybody. It stays listed for some minutes. */
export const revoke = (id: number): void => {
  noteChange();
  answered('revoke', systemCalls().numbers(operation.revoke, checkId(id)));
};

/** Removes a key everywhere at once, whoever holds links to it. Needs the permission to search only. */
export const invalidate = (id: number): void => {
  noteChange();
  answered('invalidate', systemCalls().numbers(operation.invalidate, checkId(id)));
};

/** Gives a key to another account or group; -1 leaves one as it is. */
export const chown = (id: number, uid: number, gid: number): void => {
  noteChange();
  const [owner, group] = [checkAccountId(uid, 'the uid'), checkAccountId(gid, 'the gid')];
  answered('chown', systemCalls().numbers(operation.chown, checkId(id), owner, group));
};

/** Gives a key another mask. Without the possessor's permission to search, nobody can ever use or repair it. */
export const setPermissions = (id: number, mask: number): void => {
  noteChange();
  answered('setperm', systemCalls().numbers(operation.setPermissions, checkId(id), checkMask(mask)));
};

/** Lets a key expire in so many seconds; 0 lets it live. */
export const setTimeout = (id: number, seconds: number): void => {
  noteChange();
  const after = checkUnsigned(seconds, 'the timeout in seconds');
  answered('set_timeout', systemCalls().numbers(operation.setTimeout, checkId(id), after));
};

/** `type;uid;gid;mask;description`, without the NUL at its end. See {@link import('./key-description.ts').parseDescription}. */
export const describe = (id: number): Buffer => {
  checkId(id);
  const text = readSized((into) =>
    answered('describe', systemCalls().idBuffer(operation.describe, id, into, into.length)),
  );
  return text.subarray(0, -1);
};

/**
 * The payload; of a keyring, the ids it links to, four bytes each in the processor's order. The caller wipes it.
 *
 * @param likelySize how large it probably is, which saves a copy; it may be wrong.
 */
export const read = (id: number, likelySize?: number): Buffer => {
  checkId(id);
  const { idBuffer } = systemCalls();
  return readSized((into) => answered('read', idBuffer(operation.read, id, into, into.length)), likelySize);
};

/** The label that a security module gave the key; empty if none does. */
export const getSecurity = (id: number): Buffer => {
  checkId(id);
  const text = readSized((into) =>
    answered('get_security', systemCalls().idBuffer(operation.getSecurity, id, into, into.length)),
  );
  return text.subarray(0, -1);
};
