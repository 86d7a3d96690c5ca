// `chatelaine keyring init`

import { PasswordStore } from '@chatelaine/keyring';
import { fingerprintOf, makeMaterial, publicKeyIn } from '@chatelaine/keyring/sealed';
import { say } from '../terminal/output.ts';
import { readPassPhrase } from '../terminal/secret-input.ts';
import { chosenParent, isSealed, type KeyringOptions } from './keyring-options.ts';
import { materialPath, readMaterialFile, writeMaterialFile } from './material-file.ts';
import { openSealed } from './open-sealed.ts';
import { refusing } from './refusals.ts';

const makeMaterialFile = async (): Promise<void> => {
  const passPhrase = await readPassPhrase({ name: 'pass phrase', isNew: true });
  try {
    writeMaterialFile(makeMaterial(passPhrase));
  } finally {
    passPhrase.fill(0);
  }
};

const initSealed = async (options: KeyringOptions): Promise<void> => {
  if (readMaterialFile() === undefined) await makeMaterialFile();
  const { store, material } = openSealed(options);
  store.initialise(material);
  say(`The keyring is there, and ${store.state()}. Its public key is pinned in ${materialPath()}:`);
  say(fingerprintOf(publicKeyIn(material)));
};

export const initKeyring = (options: KeyringOptions): Promise<void> =>
  refusing(async () => {
    if (isSealed(options)) return await initSealed(options);
    const isNew = new PasswordStore({ parent: chosenParent(options) }).initialise();
    say(isNew ? 'The keyring is there.' : 'The keyring was there already.');
  });
