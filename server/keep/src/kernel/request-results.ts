// A lost reply loses nothing: the result of a change is kept, sealed, for two minutes under the request id its caller
// chose, in the transaction of the change itself. The same id asked again gets the same result and changes nothing.

import { createHash } from 'node:crypto';
import { decodeMessage, encodeMessage, encodeWhole } from '@chatelaine/contract';
import * as z from 'zod';
import { defineRecord, type ModuleTransaction } from './module-transaction.ts';
import { type Principal, principalId } from './principal.ts';

/** How long a result can be asked for again. */
const RESULT_KEPT_MS = 120_000;

const PREFIX = 'results';

const keptResult = defineRecord(
  'request result',
  z.strictObject({
    format: z.literal(1),
    atUnixMs: z.number().int(),
    /** SHA-256 of operation and input: an id is not reused for something else. */
    request: z.string(),
    output: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  }),
);

const digestOf = (operation: string, input: unknown): string => {
  const hash = createHash('sha256').update(operation).update('\0');
  for (const part of encodeMessage(input)) hash.update(part);
  return hash.digest('hex');
};

export type Earlier =
  | { readonly kind: 'none' }
  | { readonly kind: 'same'; readonly output: unknown }
  | { readonly kind: 'other' };

/** The kept result of one request id, seen through the kernel's own collection. */
export class RequestResult {
  readonly path: string;
  readonly #digest: string;

  constructor(principal: Principal, requestId: string, operation: string, input: unknown) {
    this.path = `${PREFIX}/${principalId(principal)}/${requestId}`;
    this.#digest = digestOf(operation, input);
  }

  /** Looks for an earlier result; finding none becomes a condition of the commit. */
  async find(tx: ModuleTransaction): Promise<Earlier> {
    const kept = await tx.get(keptResult, this.path);
    if (kept === undefined) return { kind: 'none' };
    if (kept.request !== this.#digest) return { kind: 'other' };
    return { kind: 'same', output: decodeMessage(kept.output) };
  }

  /** Keeps the result in the transaction of the change. */
  keep(tx: ModuleTransaction, output: unknown, atUnixMs: number): void {
    const bytes = encodeWhole(output);
    tx.put(keptResult, this.path, { format: 1, atUnixMs, request: this.#digest, output: bytes });
    bytes.fill(0);
  }
}

/** Deletes one page of results that are past their time; returns the cursor of the next page, if any. */
export const forgetOldResults = async (
  tx: ModuleTransaction,
  nowUnixMs: number,
  cursor: string | undefined,
): Promise<{ readonly deleted: number; readonly cursor?: string }> => {
  const page = await tx.list(keptResult, PREFIX, cursor === undefined ? { limit: 50 } : { limit: 50, cursor });
  const old = page.records.filter((record) => nowUnixMs - record.value.atUnixMs > RESULT_KEPT_MS);
  for (const record of old) tx.delete(record.path);
  return page.cursor === undefined ? { deleted: old.length } : { deleted: old.length, cursor: page.cursor };
};
