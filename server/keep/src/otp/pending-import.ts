// An import that comes in pieces: what came with it is as good as not there before its end is written. Each module keeps the ends
// of its own imports. Forms: docs/formats/otp.md.

import * as z from 'zod';
import { defineRecord, type ModuleTransaction } from '../kernel/module-transaction.ts';

const form = defineRecord(
  'complete import',
  z.strictObject({ format: z.literal(1), completedAtUnixMs: z.number().int() }),
);

const pathOf = (id: string): string => `imports/${id}`;

/** From the commit of this on, everything that came with the import is there. */
export const putCompleteImport = (tx: ModuleTransaction, id: string, completedAtUnixMs: number): void =>
  tx.put(form, pathOf(id), { format: 1, completedAtUnixMs });

/** Whether a record came with an import that is not complete. */
export const isPending = async (
  tx: ModuleTransaction,
  record: { readonly import?: string | undefined } | undefined,
): Promise<boolean> => record?.import !== undefined && (await tx.get(form, pathOf(record.import))) === undefined;
