// Passwords under a lock. While it is locked anybody may add, nobody can read, and every process is cut off at once by one call.
// What lies in the kernel are sealed boxes; the private key that opens them is there only while it is unlocked. The boxes are made and
// opened in user space: kernels as they are built cannot hold a private key for data of one's own. docs/keyring-format.md

import { type Credential, type SetOptions, withBytes } from '../credential.ts';
import { EntryRing, type RingPlace } from '../entry-ring.ts';
import * as keyctl from '../keyctl.ts';
import { isKeyctlError, isMissing } from '../keyctl-error.ts';
import type { Keyring } from '../keyring.ts';
import { KeyringError } from '../keyring-error.ts';
import { accountsOf } from '../password-store.ts';
import { FROZEN_MASK } from '../permissions.ts';
import { specialKeyring } from '../special-keyring.ts';
import { MAX_SEALED_BYTES, openBox, sealBox } from './box.ts';
import { fingerprintOf, isMaterial, publicKeyIn, unwrapMaterial } from './material.ts';
import { hasOpeningKey, installOpeningKey, useOpeningKey, withdrawOpeningKey } from './opening-key.ts';

/** A keyring of its own, so that no program takes a box for a password. */
export const SEALED_RING = 'chatelaine-sealed';

/** Without a colon, so that it cannot be an entry's. */
const MATERIAL_NAME = 'key material';

export interface SealedStoreOptions extends Partial<RingPlace> {
  /**
   * What identifies the public key, as `fingerprintOf` gives it. Without it whatever key lies in the keyring is believed, and who
   * can write there can read what is stored next.
   */
  readonly pin: string;
}

/** What a lockable keyring is like at the moment. */
export type LockState = 'absent' | 'locked' | 'unlocked';

/** A store with a lock. Synchronous, like the store without one; unlocking takes a fraction of a second on purpose. */
export class SealedStore {
  readonly #ring: EntryRing;
  readonly #pin: string;

  /** Nothing is asked of the kernel yet. */
  constructor({ name = SEALED_RING, parent = 'session', pin }: SealedStoreOptions) {
    if (!/^[0-9a-f]{64}$/.test(pin)) throw new TypeError('the pin is a SHA-256 in hexadecimal');
    this.#ring = new EntryRing({ name, parent });
    this.#pin = pin;
  }

  /**
   * Puts key material into the keyring, making it if there is none. Material of the same key that is there is left as it is.
   *
   * @throws {KeyringError} `public-key-changed` if the material is not of the pinned key, `already-initialised` if that of another key
   * is there.
   */
  initialise(material: Uint8Array): void {
    if (!isMaterial(material)) throw new KeyringError('damaged', { detail: 'the key material' });
    this.#checkPin(material);
    const { keyring } = this.#ring.findOrMake();
    const there = this.#readMaterial(keyring);
    if (there === undefined) installFrozen(keyring, material);
    else if (!publicKeyIn(there).equals(publicKeyIn(material))) throw new KeyringError('already-initialised');
  }

  /** Whether there is a keyring with key material, and whether secrets can be read from it. */
  state(): LockState {
    const ring = this.#ring.find();
    if (ring === undefined || this.#readMaterial(ring) === undefined) return 'absent';
    return hasOpeningKey(ring) ? 'unlocked' : 'locked';
  }

  /**
   * Lets every process that possesses the keyring read from it, until it is locked. The caller wipes the pass phrase.
   *
   * @param timeoutSeconds after which the kernel locks it by itself, even if no process of ours is left; 0 for never.
   * @throws {KeyringError} `wrong-pass-phrase`; then nothing has changed.
   */
  unlock(passPhrase: Uint8Array, { timeoutSeconds }: { readonly timeoutSeconds: number }): void {
    const ring = this.#existing();
    const keys = unwrapMaterial(this.#material(ring), passPhrase);
    if (keys === undefined) throw new KeyringError('wrong-pass-phrase');
    try {
      installOpeningKey(ring, keys.privateKey, timeoutSeconds);
    } finally {
      keys.privateKey.fill(0);
    }
  }

  /** Cuts every process off at once, also those that hold the ids. False if it was locked already, or is not there. */
  lock(): boolean {
    const ring = this.#ring.find();
    return ring === undefined ? false : withdrawOpeningKey(ring);
  }

  /** Keeps a secret of 1 to 32,718 bytes; it works while locked too. The caller wipes it. */
  setPassword(service: string, account: string, secret: Uint8Array | string, options: SetOptions = {}): void {
    const description = EntryRing.describe(service, account);
    withBytes(secret, (bytes) => {
      if (bytes.length === 0) throw new KeyringError('empty-secret');
      if (bytes.length > MAX_SEALED_BYTES) throw new KeyringError('secret-too-long');
      const publicKey = publicKeyIn(this.#material(this.#existing()));
      this.#ring.write(description, sealBox(publicKey, description, bytes), options.timeoutSeconds);
    });
  }

  /**
   * The secret, which the caller wipes. Undefined if there is none, also while locked: names are not secret.
   *
   * @throws {KeyringError} `locked`; `damaged` if what lies there was not sealed for this entry and key.
   */
  getPassword(service: string, account: string): Buffer | undefined {
    const description = EntryRing.describe(service, account);
    const box = this.#ring.read(description);
    if (box === undefined) return undefined;
    const ring = this.#existing();
    const publicKey = publicKeyIn(this.#material(ring));
    const secret = useOpeningKey(ring, (privateKey) => openBox({ publicKey, privateKey }, description, box));
    if (secret === undefined) throw new KeyringError('damaged', { detail: 'the entry' });
    return secret;
  }

  /** Removes an entry for everybody at once, also while locked; false if there was none. */
  deletePassword(service: string, account: string): boolean {
    return this.#ring.remove(EntryRing.describe(service, account));
  }

  /** The accounts of a service, also while locked. */
  findAccounts(service: string): readonly string[] {
    return accountsOf(service, this.descriptions());
  }

  /** Accounts and secrets of a service; the caller wipes the secrets. @throws {KeyringError} as `getPassword`. */
  findCredentials(service: string): readonly Credential[] {
    return this.findAccounts(service).flatMap((account) => {
      const password = this.getPassword(service, account);
      return password === undefined ? [] : [{ account, password }];
    });
  }

  /** SERVICE:USER of every entry, sorted, also while locked. */
  descriptions(): readonly string[] {
    return this.#ring.descriptions();
  }

  #existing(): Keyring {
    const ring = this.#ring.find();
    if (ring === undefined) throw new KeyringError('not-initialised');
    return ring;
  }

  /** The key material, which is of the pinned key. */
  #material(ring: Keyring): Buffer {
    const material = this.#readMaterial(ring);
    if (material === undefined) throw new KeyringError('not-initialised');
    this.#checkPin(material);
    return material;
  }

  #readMaterial(ring: Keyring): Buffer | undefined {
    try {
      const material = keyctl.read(keyctl.search(ring.id, 'user', MATERIAL_NAME));
      if (!isMaterial(material)) throw new KeyringError('damaged', { detail: 'the key material' });
      return material;
    } catch (error) {
      if (isMissing(error)) return undefined;
      if (isKeyctlError(error, 'EACCES')) throw new KeyringError('not-permitted', { cause: error });
      throw error;
    }
  }

  #checkPin(material: Uint8Array): void {
    if (fingerprintOf(publicKeyIn(material)) !== this.#pin) throw new KeyringError('public-key-changed');
  }
}

/** Puts material there so that nothing overwrites it by mistake. Whoever may write the keyring can still replace it: hence the pin. */
const installFrozen = (ring: Keyring, material: Uint8Array): void => {
  const { thread } = specialKeyring;
  const id = keyctl.addKey('user', MATERIAL_NAME, material, thread);
  try {
    keyctl.link(id, ring.id);
    keyctl.setPermissions(id, FROZEN_MASK);
  } finally {
    keyctl.unlink(id, thread);
  }
};
