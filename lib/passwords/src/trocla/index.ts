// Trocla's own stores, in its formats and under its locks. The one in SQLite is `…/trocla/sqlite` and the
// encryption `…/trocla/ssl`: not everybody needs to load them.

export { noCipher, type ValueCipher } from './value-cipher.ts';
export { YamlFileStore } from './yaml-file-store.ts';
export type { YamlNode } from './yaml-node.ts';
export { readYaml, withYamlParser, YamlError } from './yaml-reader.ts';
