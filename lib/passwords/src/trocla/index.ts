// Trocla's configuration and its own stores, in its formats and under its locks. What reads SQLite and the encryption is loaded only
// by a configuration that names it.

export { type Configuration, readConfiguration } from './configuration.ts';
export { openStore } from './open-store.ts';
export { asHash, loadYaml, PsychError } from './psych-value.ts';
export { noCipher } from './value-cipher.ts';
export { YamlFileStore } from './yaml-file-store.ts';
