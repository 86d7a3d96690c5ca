// The lockable store, pinned to the public key in the file of key material. Invariant: without that file nothing is stored.

import { KeyringError } from '@chatelaine/keyring';
import { fingerprintOf, publicKeyIn, SealedStore } from '@chatelaine/keyring/sealed';
import { chosenParent, type KeyringOptions } from './keyring-options.ts';
import { readMaterialFile } from './material-file.ts';

/** The store, and what puts the material into a keyring that does not have it yet, as in a new login. */
export interface OpenedSealed {
  readonly store: SealedStore;
  readonly material: Buffer;
  /** Runs something that needs the material in the keyring. */
  readonly prepared: (run: () => void) => void;
}

/** Opens it. Throws `not-initialised` if there is no file of key material. */
export const openSealed = (options: KeyringOptions): OpenedSealed => {
  const material = readMaterialFile();
  if (material === undefined) throw new KeyringError('not-initialised');
  const store = new SealedStore({ parent: chosenParent(options), pin: fingerprintOf(publicKeyIn(material)) });
  const prepared = (run: () => void): void => {
    if (store.state() === 'absent') store.initialise(material);
    run();
  };
  return { store, material, prepared };
};
