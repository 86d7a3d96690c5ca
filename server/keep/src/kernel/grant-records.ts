// Grants as records: one record for each principal or group, so that a request reads its own and nobody else's. What is past
// its end is as good as absent, and leaves with the next change.

import { ok, policy, type Result, refuse } from '@chatelaine/contract';
import * as z from 'zod';
import { defineRecord, type ModuleTransaction } from './module-transaction.ts';
import type { Grant } from './policy.ts';
import { granteesOf, type Principal } from './principal.ts';
import type { Moment } from './release/decision.ts';

const grantsOfOne = defineRecord(
  'grants',
  z.strictObject({
    format: z.literal(1),
    principal: z.string(),
    grants: z.array(
      z.strictObject({
        capability: z.string(),
        path: z.string(),
        grantedAtUnixMs: z.number().int(),
        expiresAtUnixMs: z.number().int().optional(),
      }),
    ),
  }),
);

const PREFIX = 'grants';
const pathOf = (principal: string): string => `${PREFIX}/${principal}`;

/** A grant that is on record. */
export interface RecordedGrant extends Grant {
  readonly grantedAtUnixMs: number;
  readonly expiresAtUnixMs?: number | undefined;
}

// A clock that cannot be trusted must not make an ended grant good again.
const isOver = ({ expiresAtUnixMs }: { readonly expiresAtUnixMs?: number | undefined }, moment: Moment): boolean =>
  expiresAtUnixMs !== undefined && (moment.clockBehindMs > 0 || expiresAtUnixMs <= moment.nowUnixMs);

/** What one principal or group (`token:ci`, `group:deploy`) is granted. */
export const readGrants = async (
  tx: ModuleTransaction,
  principal: string,
  moment: Moment,
): Promise<readonly RecordedGrant[]> => {
  const record = await tx.get(grantsOfOne, pathOf(principal));
  return (record?.grants ?? []).filter((grant) => !isOver(grant, moment)).map((grant) => ({ ...grant, principal }));
};

/** What counts for somebody who asks: their own grants, and those of their groups or their type. */
export const grantsFor = async (
  tx: ModuleTransaction,
  principal: Principal,
  moment: Moment,
): Promise<readonly RecordedGrant[]> => {
  const grants: RecordedGrant[] = [];
  for (const name of granteesOf(principal)) grants.push(...(await readGrants(tx, name, moment)));
  return grants;
};

/** All grants, a page of principals at a time. */
export const listGrants = async (
  tx: ModuleTransaction,
  moment: Moment,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<{ readonly grants: readonly RecordedGrant[]; readonly cursor?: string }> => {
  const { records, cursor } = await tx.list(grantsOfOne, PREFIX, page);
  const grants = records.flatMap(({ value: { principal, grants: own } }) =>
    own.filter((grant) => !isOver(grant, moment)).map((grant) => ({ ...grant, principal })),
  );
  return cursor === undefined ? { grants } : { grants, cursor };
};

/** Gives a principal exactly these grants. */
export const writeGrants = (tx: ModuleTransaction, principal: string, grants: readonly RecordedGrant[]): void => {
  if (grants.length === 0) {
    tx.delete(pathOf(principal));
    return;
  }
  const own = grants.map(({ principal: _, ...grant }) => grant);
  tx.put(grantsOfOne, pathOf(principal), { format: 1, principal, grants: own });
};

const isSame = (a: policy.GrantKey, b: policy.GrantKey): boolean => a.capability === b.capability && a.path === b.path;

/** The grants of one principal, while a request changes them. */
export class GrantChange {
  readonly #principal: string;
  readonly #moment: Moment;
  readonly #grants: RecordedGrant[];

  private constructor(principal: string, moment: Moment, grants: readonly RecordedGrant[]) {
    this.#principal = principal;
    this.#moment = moment;
    this.#grants = [...grants];
  }

  static async begin(tx: ModuleTransaction, principal: string, moment: Moment): Promise<GrantChange> {
    return new GrantChange(principal, moment, await readGrants(tx, principal, moment));
  }

  /** Makes one, or moves the end of one that is there. Returns whether that made a difference. */
  add(grant: policy.NewGrant): boolean {
    const at = this.#grants.findIndex((known) => isSame(known, grant));
    const known = this.#grants[at];
    if (known !== undefined && known.expiresAtUnixMs === grant.expiresAtUnixMs) return false;
    if (known !== undefined) this.#grants.splice(at, 1);
    this.#grants.push({ ...grant, grantedAtUnixMs: this.#moment.nowUnixMs });
    return true;
  }

  /** Takes one away. Returns whether it was there. */
  remove(grant: policy.GrantKey): boolean {
    const at = this.#grants.findIndex((known) => isSame(known, grant));
    if (at >= 0) this.#grants.splice(at, 1);
    return at >= 0;
  }

  write(tx: ModuleTransaction): Result<undefined> {
    if (this.#grants.length > policy.MAX_GRANTS) {
      return refuse('too-large', { message: `nobody has more than ${policy.MAX_GRANTS} grants` });
    }
    writeGrants(tx, this.#principal, this.#grants);
    return ok(undefined);
  }
}
