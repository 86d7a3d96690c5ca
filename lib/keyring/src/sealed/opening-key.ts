// The private key while the keyring is unlocked: a key of the kernel that its possessors can find, read and invalidate, and nothing
// else. Invariants: nobody can prolong it, replace it or link it elsewhere; `withdraw` cuts every process off at once; it falls by
// itself when its time is over, or when the machine was suspended since.

import * as keyctl from '../keyctl.ts';
import { isKeyctlError, isMissing } from '../keyctl-error.ts';
import type { Keyring } from '../keyring.ts';
import { KeyringError } from '../keyring-error.ts';
import { FROZEN_MASK } from '../permissions.ts';
import { allocateSecret } from '../secret-buffer.ts';
import { specialKeyring } from '../special-keyring.ts';
import { suspendedMs } from './suspended-time.ts';

/** Without a colon, so that it cannot be an entry's. */
const NAME = 'opening key';
const KEY_BYTES = 32;
const PAYLOAD_BYTES = KEY_BYTES + 8;
/** The two clocks are read one after the other, and one of them in steps of ten milliseconds. */
const TOLERANCE_MS = 1_000;
const MAX_COPIES = 64;

const search = (ring: Keyring): number | undefined => {
  try {
    return keyctl.search(ring.id, 'user', NAME);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
};

/**
 * Puts the private key there. Whoever unlocks again replaces it. The caller wipes `privateKey`.
 *
 * @param timeoutSeconds after which it falls; 0 for never.
 */
export const installOpeningKey = (ring: Keyring, privateKey: Uint8Array, timeoutSeconds: number): void => {
  const { thread } = specialKeyring;
  const payload = allocateSecret(PAYLOAD_BYTES);
  try {
    payload.set(privateKey);
    payload.writeBigInt64BE(BigInt(suspendedMs()), KEY_BYTES);
    const id = keyctl.addKey('user', NAME, payload, thread);
    try {
      keyctl.setTimeout(id, timeoutSeconds);
      keyctl.link(id, ring.id);
      keyctl.setPermissions(id, FROZEN_MASK);
    } finally {
      keyctl.unlink(id, thread);
    }
  } finally {
    payload.fill(0);
  }
};

/** Removes the private key, for every process and whatever it holds. False if it was locked already. */
export const withdrawOpeningKey = (ring: Keyring): boolean => {
  for (let copies = 0; copies < MAX_COPIES; copies++) {
    const id = search(ring);
    if (id === undefined) return copies > 0;
    try {
      keyctl.invalidate(id);
    } catch (error) {
      if (!isMissing(error) && !isKeyctlError(error, 'EACCES')) throw error;
    }
  }
  throw new Error('the keyring could not be locked: something unlocks it again and again');
};

/** Whether the private key is there, without reading it. A suspend since it was put there is noticed when it is used. */
export const hasOpeningKey = (ring: Keyring): boolean => search(ring) !== undefined;

/**
 * Hands the private key to `use`, and wipes it afterwards.
 *
 * @throws {KeyringError} `locked` if there is none, or the machine was suspended since it was put there; then it is withdrawn.
 */
export const useOpeningKey = <Result>(ring: Keyring, use: (privateKey: Buffer) => Result): Result => {
  const payload = readOpeningKey(ring);
  if (payload === undefined) throw new KeyringError('locked');
  try {
    if (payload.length !== PAYLOAD_BYTES) throw new KeyringError('damaged');
    if (suspendedMs() > Number(payload.readBigInt64BE(KEY_BYTES)) + TOLERANCE_MS) {
      withdrawOpeningKey(ring);
      throw new KeyringError('locked', { detail: 'the machine was suspended since it was unlocked' });
    }
    return use(payload.subarray(0, KEY_BYTES));
  } finally {
    payload.fill(0);
  }
};

const readOpeningKey = (ring: Keyring): Buffer | undefined => {
  const id = search(ring);
  if (id === undefined) return undefined;
  try {
    return keyctl.read(id);
  } catch (error) {
    // It was withdrawn between the search and the reading.
    if (isMissing(error) || isKeyctlError(error, 'EACCES')) return undefined;
    throw error;
  }
};
