// Opens the store that the configuration names.

import { lstatSync } from 'node:fs';
import path from 'node:path';
import { MemoryStore } from '../memory-store.ts';
import type { PasswordStore } from '../password-store.ts';
import { type Configuration, nameOf } from './configuration.ts';
import { PsychError } from './psych-value.ts';
import { noCipher, type ValueCipher } from './value-cipher.ts';
import { YamlFileStore } from './yaml-file-store.ts';

const supported = 'supported are moneta with the adapter YAML or Sequel (sqlite), and memory';

const cipherOf = async ({ encryption, encryptionOptions }: Configuration): Promise<ValueCipher> => {
  if (encryption === 'none') return noCipher;
  if (encryption !== 'ssl') throw new PsychError(`Encryption ${encryption} is not supported!`);
  const { SslCipher } = await import('./ssl-cipher.ts');
  const { private_key: privateKey, public_key: publicKey } = encryptionOptions;
  return new SslCipher({
    ...(typeof privateKey === 'string' && { privateKey }),
    ...(typeof publicKey === 'string' && { publicKey }),
  });
};

const textOption = (options: Readonly<Record<string, unknown>>, name: string): string => {
  const value = options[name];
  if (typeof value !== 'string' || value === '')
    throw new PsychError(`store_options.adapter_options.${name} is missing`);
  return value;
};

/** `sqlite:///abs/path` or `sqlite://rel/path`. */
const sqliteFile = (url: string): string => {
  const [, place] = /^sqlite:(?:\/\/)?(.+)$/.exec(url) ?? [];
  if (place === undefined) throw new PsychError(`this database is not supported by trocla of Chatelaine: ${supported}`);
  return path.resolve(place);
};

/** In a directory where everybody may put files, a store that somebody else laid is not ours. */
const checkOwner = (file: string): void => {
  const found = lstatSync(file, { throwIfNoEntry: false });
  const directory = lstatSync(path.dirname(file), { throwIfNoEntry: false });
  if (found === undefined || directory === undefined || (directory.mode & 0o1002) !== 0o1002) return;
  const own = process.geteuid?.();
  if (found.isSymbolicLink() || (found.uid !== own && found.uid !== 0)) {
    throw new PsychError(`${file} belongs to somebody else, in a directory where everybody may put files: not used`);
  }
};

/** The store, or why there is none. `say` takes notices for people. */
export const openStore = async (
  configuration: Configuration,
  say: (message: string) => void,
): Promise<PasswordStore> => {
  const { store, adapter, adapterOptions, manner } = configuration;
  const name = store.toLowerCase();
  if (name === 'memory') return new MemoryStore();
  if (name !== 'moneta') {
    throw new PsychError(`Store ${store} is not supported by trocla of Chatelaine: ${supported}`);
  }
  const cipher = await cipherOf(configuration);
  const newFileMode = manner === 'trocla' ? 0o666 : 0o600;
  if (adapter === 'YAML') {
    const file = path.resolve(textOption(adapterOptions, 'file'));
    if (manner === 'safe') checkOwner(file);
    return new YamlFileStore({ file, cipher, newFileMode, onNotice: say });
  }
  if (adapter === 'Sequel') {
    const file = sqliteFile(textOption(adapterOptions, 'db'));
    const table = nameOf(adapterOptions['table']) ?? 'moneta';
    const { SqliteTroclaStore } = await import('./sqlite-store.ts');
    return new SqliteTroclaStore({ file, table, cipher, newFileMode });
  }
  throw new PsychError(`The adapter ${adapter ?? '(none)'} is not supported by trocla of Chatelaine: ${supported}`);
};
