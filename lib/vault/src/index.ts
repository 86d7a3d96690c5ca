// Sealed collections over a store, and the ways to open them. Formats: docs/formats/vault.md.

export { type Anchor, type AnchoredState, checkAnchor, parseAnchor } from './anchor.ts';
export { readAnchor } from './anchor-file.ts';
export { type CreateOptions, createVault } from './create-vault.ts';
export { type BackupContents, type CheckProgress, type DetachedVault, openDetached } from './detached-vault.ts';
export { type CombinedShares, combineKeyShares } from './key-shares.ts';
export { MAX_LABEL_LENGTH, MAX_SLOTS_PER_KIND, MIN_KEY_FILE_BYTES, MIN_PASS_PHRASE_CHARACTERS } from './key-slot.ts';
export { type KeyShare, parseShare } from './share-text.ts';
export { type OpenOptions, openVault, readVaultHeader, type VaultHeader } from './unseal-vault.ts';
export * from './vault.ts';
export type { Epoch, VaultPurpose } from './vault-header.ts';
export { type AuditCheck, type AuditFault, verifyAuditChain } from './verify-audit-chain.ts';
