// Everything an open vault stands on, shared by its pieces.

import type { FillRandom, PassPhraseCost } from '@chatelaine/secret';
import type { Entry, Store } from '@chatelaine/store';
import type { AnchorFile } from './anchor-file.ts';
import type { KeyRing } from './key-ring.ts';
import { readEntry } from './read-store.ts';
import type { RootKeys } from './root-keys.ts';
import { sealAudit } from './sealed-value.ts';
import { headerKey } from './store-keys.ts';
import { type AuditAppend, DamagedRecordError } from './vault.ts';
import { type Epoch, parseHeader, sealHeader } from './vault-header.ts';

/** The vault takes over the root keys and the keys of the ring. */
export interface VaultParts {
  readonly store: Store;
  readonly roots: RootKeys;
  readonly epoch: Epoch;
  readonly ring: KeyRing;
  readonly anchor: AnchorFile;
  readonly cost: PassPhraseCost;
  readonly fill: FillRandom;
}

/** The header as it lies in the store. Throws {@link DamagedRecordError} if it is gone. */
export const requireHeader = async (store: Store): Promise<Entry> => {
  const header = await readEntry(store, headerKey);
  if (header === undefined) throw new DamagedRecordError('the header of the vault is missing');
  return header;
};

/** The same header, sealed anew with the root key of now. */
export const resealHeader = (header: Entry, { roots, fill }: Pick<VaultParts, 'roots' | 'fill'>): Uint8Array => {
  const box = parseHeader(header.value);
  if (box.kind === 'refused') throw new DamagedRecordError(box.message);
  return sealHeader({ ...box.value.head, rootKeyId: roots.current.id }, roots.current, fill);
};

/** An audit record, as an append of a transaction; none if there is none. */
export const sealAppends = (
  append: AuditAppend | undefined,
  { ring, fill }: Pick<VaultParts, 'ring' | 'fill'>,
): { readonly lane: number; readonly payload: Uint8Array }[] =>
  append === undefined ? [] : [{ lane: append.lane, payload: sealAudit(append.record, append.lane, ring.audit, fill) }];
