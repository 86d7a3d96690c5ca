// What is kept about the recovery codes of a user: one record, in which no code can be read. Forms: docs/formats/otp.md.

import { ok, type Result, refuse } from '@chatelaine/contract';
import * as z from 'zod';
import type { ModuleServices } from '../../kernel/module.ts';
import { defineRecord, type ModuleTransaction } from '../../kernel/module-transaction.ts';

const bytesOfRecord = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

const form = defineRecord(
  'recovery codes',
  z.strictObject({
    format: z.literal(1),
    /** When their user was added; of another user of the same name they are none. */
    since: z.number().int(),
    /** The key of the digests. */
    salt: bytesOfRecord,
    /** Absence grants nothing: only `unused` ones count. */
    codes: z.array(z.strictObject({ digest: bytesOfRecord, state: z.enum(['unused', 'used']) })),
    createdAtUnixMs: z.number().int(),
    lastUsedAtUnixMs: z.number().int().optional(),
    /** The epoch of the store in which they were made: in a later one nobody knows which were used. */
    epoch: z.number().int(),
  }),
);

export type RecoveryRecord = z.infer<typeof form.schema>;

const pathOf = (user: string): string => `users/${user}`;

const readRecovery = (tx: ModuleTransaction, user: string): Promise<RecoveryRecord | undefined> =>
  tx.get(form, pathOf(user));

export const putRecovery = (tx: ModuleTransaction, user: string, record: RecoveryRecord): void =>
  tx.put(form, pathOf(user), record);

export const deleteRecovery = (tx: ModuleTransaction, user: string): void => tx.delete(pathOf(user));

/** Who has a name now. */
interface Person {
  readonly since: number;
  readonly enabled: boolean;
}

/** Who has the name now, and their codes: a former user's are none. */
export const recoveryOfPresentUser = async (
  { ask }: ModuleServices,
  tx: ModuleTransaction,
  user: string,
): Promise<Result<{ readonly person: Person; readonly record: RecoveryRecord | undefined }>> => {
  const asked = await ask('users', 'person', tx, { name: user });
  const record = await readRecovery(tx, user);
  if (asked.kind === 'refused') return refuse('not-found');
  const person = asked.value as Person;
  return ok({ person, record: record?.since === person.since ? record : undefined });
};
