// Sealed collections over a store, and the ways to open them. Formats: docs/formats/vault.md.

export { type Anchor, type AnchoredState, checkAnchor, parseAnchor } from './anchor.ts';
export { readAnchor } from './anchor-file.ts';
export { type CreateOptions, createVault } from './create-vault.ts';
export { MAX_LABEL_LENGTH, MAX_SLOTS_PER_KIND, MIN_KEY_FILE_BYTES, MIN_PASS_PHRASE_CHARACTERS } from './key-slot.ts';
export { type OpenOptions, openVault, readVaultHeader, type VaultHeader } from './unseal-vault.ts';
export * from './vault.ts';
export type { VaultPurpose } from './vault-header.ts';
export { type AuditCheck, type AuditFault, verifyAuditChain } from './verify-audit-chain.ts';
