// Trocla's own stores, in its formats and under its locks.

export { readPlainBlocks } from './read-plain-blocks.ts';
export { parseYaml, YamlError } from './read-yaml.ts';
export { SqliteTroclaStore } from './sqlite-store.ts';
export { SslCipher, type SslKeyFiles } from './ssl-cipher.ts';
export { noCipher, type ValueCipher } from './value-cipher.ts';
export { YamlFileStore } from './yaml-file-store.ts';
export type { YamlNode } from './yaml-node.ts';
