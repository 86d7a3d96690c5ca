// Passwords in the keyring of the kernel, readable by every process that possesses it, for as long as the login lives. The layout is
// that of the Python package keyring-keyutils, which can read and write the same entries. docs/keyring-format.md

import { type Credential, type SetOptions, textOf, withBytes } from './credential.ts';
import { EntryRing, type RingPlace } from './entry-ring.ts';
import { KeyringError } from './keyring-error.ts';

/** The keyring that the Python backend uses too. */
export const PLAIN_RING = 'python-keyring-keyutils';

/** A store without a lock. Every call is synchronous and asks the kernel: nothing is remembered between two of them. */
export class PasswordStore {
  readonly #ring: EntryRing;

  /** Nothing is asked of the kernel yet. */
  constructor({ name = PLAIN_RING, parent = 'session' }: Partial<RingPlace> = {}) {
    this.#ring = new EntryRing({ name, parent });
  }

  /** Makes the keyring if there is none; the first write does that too. False if it was there. */
  initialise(): boolean {
    return this.#ring.findOrMake().isNew;
  }

  /** Whether the keyring is there. */
  exists(): boolean {
    return this.#ring.find() !== undefined;
  }

  /**
   * Keeps a secret. One that is there is replaced; its permissions stay as they are.
   *
   * @param secret 1 to 32,767 bytes, which the caller wipes. Text is kept as UTF-8; it cannot be wiped.
   */
  setPassword(service: string, account: string, secret: Uint8Array | string, options: SetOptions = {}): void {
    const description = EntryRing.describe(service, account);
    withBytes(secret, (bytes) => this.#ring.write(description, bytes, options.timeoutSeconds));
  }

  /** The secret, which the caller wipes; undefined if there is none. */
  getPassword(service: string, account: string): Buffer | undefined {
    return this.#ring.read(EntryRing.describe(service, account));
  }

  /** The secret as text, for those who must have a string. @throws {KeyringError} `not-text` if it is not UTF-8. */
  getText(service: string, account: string): string | undefined {
    const secret = this.getPassword(service, account);
    if (secret === undefined) return undefined;
    const text = textOf(secret);
    secret.fill(0);
    if (text === undefined) throw new KeyringError('not-text');
    return text;
  }

  /** Removes an entry for everybody at once; false if there was none. */
  deletePassword(service: string, account: string): boolean {
    return this.#ring.remove(EntryRing.describe(service, account));
  }

  /** The accounts of a service. A colon in a service's name is as good as the one behind it: see `EntryRing.describe`. */
  findAccounts(service: string): readonly string[] {
    return accountsOf(service, this.descriptions());
  }

  /** Accounts and secrets of a service; the caller wipes the secrets. An entry that vanishes meanwhile is left out. */
  findCredentials(service: string): readonly Credential[] {
    return this.findAccounts(service).flatMap((account) => {
      const password = this.getPassword(service, account);
      return password === undefined ? [] : [{ account, password }];
    });
  }

  /** SERVICE:USER of every entry, sorted. Those that are not text are left out: no name of ours can mean them. */
  descriptions(): readonly string[] {
    return this.#ring.descriptions();
  }
}

/** The accounts of a service among descriptions. */
export const accountsOf = (service: string, descriptions: readonly string[]): readonly string[] => {
  const start = EntryRing.describe(service, '');
  return descriptions.filter((text) => text.startsWith(start)).map((text) => text.slice(start.length));
};
