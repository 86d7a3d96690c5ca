// The store that a command works on. That of the lock is loaded only if it is meant.

import { type Credential, PasswordStore, type SetOptions } from '@chatelaine/keyring';
import { chosenParent, isSealed, type KeyringOptions } from './keyring-options.ts';

/** What the stores with and without a lock have in common. */
export interface AnyStore {
  setPassword(service: string, account: string, secret: Uint8Array, options?: SetOptions): void;
  getPassword(service: string, account: string): Buffer | undefined;
  deletePassword(service: string, account: string): boolean;
  findAccounts(service: string): readonly string[];
  findCredentials(service: string): readonly Credential[];
  descriptions(): readonly string[];
}

/** Opens the store that the options mean. */
export const openStore = async (options: KeyringOptions): Promise<AnyStore> =>
  isSealed(options)
    ? (await import('./open-sealed.ts')).openSealed(options).store
    : new PasswordStore({ parent: chosenParent(options) });
