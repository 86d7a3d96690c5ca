// A client of the validation protocol: whoever may ask, and the key that both sides sign with. Forms: docs/formats/otp.md.

import type { yubiotp } from '@chatelaine/contract';
import * as z from 'zod';
import { defineRecord, type ModuleTransaction } from '../../kernel/module-transaction.ts';

const clientForm = defineRecord(
  'validation client',
  z.strictObject({
    format: z.literal(1),
    active: z.boolean(),
    /** The key of its signatures, customarily 20 bytes. */
    secret: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
    createdAtUnixMs: z.number().int(),
    email: z.string(),
    notes: z.string(),
    /** The code that it was asked for with; empty if none was. */
    otp: z.string(),
  }),
);
const highestForm = defineRecord(
  'highest client',
  z.strictObject({ format: z.literal(1), id: z.number().int().min(0) }),
);

export type ClientRecord = z.infer<typeof clientForm.schema>;

const FOLDER = 'clients';
const HIGHEST = 'highest-client';
const pathOf = (id: number): string => `${FOLDER}/${id}`;

export const readClient = (tx: ModuleTransaction, id: number): Promise<ClientRecord | undefined> =>
  tx.get(clientForm, pathOf(id));

export const putClient = (tx: ModuleTransaction, id: number, record: ClientRecord): void =>
  tx.put(clientForm, pathOf(id), record);

export const deleteClient = (tx: ModuleTransaction, id: number): void => tx.delete(pathOf(id));

/** The highest id that was ever given out or brought along, 0 before any: an id never comes back to somebody else. */
export const highestClient = async (tx: ModuleTransaction): Promise<number> =>
  (await tx.get(highestForm, HIGHEST))?.id ?? 0;

/** Writes a new client; whoever does has looked that there is none of that id. */
export const addClient = async (tx: ModuleTransaction, id: number, record: ClientRecord): Promise<void> => {
  if (id > (await highestClient(tx))) tx.put(highestForm, HIGHEST, { format: 1, id });
  putClient(tx, id, record);
};

/** One page of all clients. */
export const listClients = async (
  tx: ModuleTransaction,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<{ readonly found: readonly { id: number; record: ClientRecord }[]; readonly cursor?: string }> => {
  const { records, cursor } = await tx.list(clientForm, FOLDER, page);
  const found = records.map(({ path, value }) => ({ id: Number(path.slice(FOLDER.length + 1)), record: value }));
  return cursor === undefined ? { found } : { found, cursor };
};

export const viewOfClient = (id: number, record: ClientRecord): yubiotp.ClientView => {
  const { active, createdAtUnixMs, email, notes, otp } = record;
  return { id, active, createdAtUnixMs, email, notes, otp };
};
