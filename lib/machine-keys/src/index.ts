// The keys of a machine, as mandos-keygen makes them, and what is encrypted to them. What a machine needs to boot is reachable
// alone, as `@chatelaine/machine-keys/open-message` and `/disk-shares`.

export { MAX_SHARED_BYTES, splitPassword } from './disk-shares.ts';
export { encryptPassword, fingerprintOf } from './encrypt-password.ts';
export {
  keyFilesIn,
  type PublicKeys,
  readEncryptionKeys,
  readKeyDirectory,
  readKeyFiles,
  writeKeyDirectory,
} from './key-directory.ts';
export { MachineKeysError } from './machine-keys-error.ts';
export { type KeyKind, keyFileNames, type MachineKeys, makeKeys, tlsKeyTypes } from './make-keys.ts';
export { formatStanza } from './stanza.ts';
