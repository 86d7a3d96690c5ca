// A module may use another's record only if that record is associated with it. The owner writes the association beside
// its record and checks it against the asking module's name, which the kernel stamps on every request.

import * as z from 'zod';
import { defineRecord, type ModuleTransaction } from './module-transaction.ts';

const association = defineRecord('association', z.strictObject({ format: z.literal(1) }));

const pathOf = (record: string, module: string): string => `associated/${module}/${record}`;

/** Associates the owner's record at path `record` with `module`. `tx` is the owner's. */
export const associate = (tx: ModuleTransaction, record: string, module: string): void =>
  tx.put(association, pathOf(record, module), { format: 1 });

/** Ends an association. */
export const dissociate = (tx: ModuleTransaction, record: string, module: string): void =>
  tx.delete(pathOf(record, module));

/** Whether `module` may use the owner's record; the answer is a condition of the commit. */
export const isAssociated = async (tx: ModuleTransaction, record: string, module: string): Promise<boolean> =>
  (await tx.get(association, pathOf(record, module))) !== undefined;
