export { type AuditLink, auditHash, firstAuditHash } from './audit-hash.ts';
export type { StorePurpose } from './create-store-file.ts';
export { checkStoreClosed, checkStoreFile, installStore } from './install-store.ts';
export { openSqliteStore, type SqliteStore, type SqliteStoreOptions } from './sqlite-store.ts';
export * from './store.ts';
export { StoreError, type StoreErrorCode } from './store-error.ts';
export type { StoreEvent } from './thread-messages.ts';
export { type LaneVerdict, verifyAuditLane } from './verify-audit-lane.ts';
