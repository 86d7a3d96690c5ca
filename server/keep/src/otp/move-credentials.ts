// Credentials on their way from another system and to one. An import comes in pieces, each of them whole or not at all, and nothing
// of it counts before all of it is there: until then its keys are handed to nobody. Whoever asks for a seed stands in the record.

import { ok, type Result, refuse, totp } from '@chatelaine/contract';
import type { Call, ModuleServices, ReleaseOutcome } from '../kernel/module.ts';
import type { ModuleTransaction } from '../kernel/module-transaction.ts';
import { decideRelease, proved } from '../kernel/release/decision.ts';
import type { CommonCredential, CountedKind, CredentialsRecord } from './counted-kind.ts';
import { credentialsOfPresentUser, isConfirmed, putCredentials, seedOf, withCredential } from './credentials-record.ts';
import type { CodeForm } from './one-time-code.ts';
import { thereCondition } from './there-condition.ts';

/** What the imports of both modules say of a credential. */
interface Moved extends CodeForm {
  readonly user: string;
  readonly credential: string;
  readonly seed: Uint8Array;
}

/**
 * Answers an import.
 *
 * @param own the fields of the new credential that only its kind has
 */
export const importCredentials = async <C extends CommonCredential, M extends Moved>(
  kind: CountedKind<C>,
  services: ModuleServices,
  { input, moment, touch, note }: Call<{ readonly import: string; readonly credentials: readonly M[] }>,
  tx: ModuleTransaction,
  own: (moved: M) => Omit<C, Exclude<keyof CommonCredential, 'unspent'>>,
): Promise<Result<Record<string, never>>> => {
  const { nowUnixMs } = moment;
  const records = new Map<string, CredentialsRecord<C>>();
  const taken = new Set<C>();
  const wrong = (
    at: number,
    field: string,
    message: string,
    code: 'invalid-input' | 'already-exists' = 'invalid-input',
  ) => refuse(code, { field: `credentials.${at}.${field}`, message });
  for (const [at, moved] of input.credentials.entries()) {
    const { user, credential: name, digits, algorithm } = moved;
    let record = records.get(user);
    if (record === undefined) {
      const present = await credentialsOfPresentUser(kind, services, tx, user);
      if (present.kind === 'refused') return wrong(at, 'user', 'is not there');
      record = present.value;
    }
    const before = record.credentials.find((one) => one.name === name);
    const isTaken = before !== undefined && (taken.has(before) || (await isConfirmed(services, tx, user, before)));
    if (isTaken) return wrong(at, 'credential', 'is taken', 'already-exists');
    if (before === undefined && record.credentials.length >= totp.MAX_CREDENTIALS) {
      return refuse('too-large', { message: `a user has at most ${totp.MAX_CREDENTIALS} of a kind` });
    }
    const key = `${kind.module}-${name}`;
    if (before !== undefined) await services.ask('aes', 'discard', tx, { user, key: before.key });
    const given = { user, key, value: moved.seed, nowUnixMs, import: input.import };
    const kept = await services.ask('aes', 'keep', tx, given);
    if (kept.kind === 'refused') return kept;
    const common = { name, key, digits, algorithm, confirmed: true, createdAtUnixMs: nowUnixMs };
    // As at an enrolment, the halves are all fields of C.
    const credential = { ...common, ...own(moved), epoch: services.epoch.number } as unknown as C;
    records.set(user, withCredential(record, credential));
    taken.add(credential);
    touch(`${user}/${name}`);
  }
  for (const [user, record] of records) putCredentials(kind, tx, user, record);
  note(proved('import', input.import));
  return ok({});
};

const conditions = [thereCondition('there')];

/**
 * Answers an export. Only what counts goes out.
 *
 * @param own the fields of the credential that only its kind has
 */
export const exportCredential = async <C extends CommonCredential, Own extends object>(
  kind: CountedKind<C>,
  services: ModuleServices,
  { input, moment }: Call<{ readonly user: string; readonly credential: string }>,
  tx: ModuleTransaction,
  own: (credential: C) => Own,
): Promise<ReleaseOutcome<Pick<Moved, 'seed' | 'digits' | 'algorithm'> & Own>> => {
  const { user, credential: name } = input;
  const present = await credentialsOfPresentUser(kind, services, tx, user);
  const credential = present.kind === 'ok' ? present.value.credentials.find((one) => one.name === name) : undefined;
  const seed = await seedOf(services, tx, user, credential?.key ?? '');
  const isThere = credential?.confirmed === true && seed.kind === 'ok';
  const decision = decideRelease(conditions, { isThere }, moment, [proved('for-export', true)]);
  if (decision.verdict !== 'release' || credential === undefined || seed.kind === 'refused') return { decision };
  const { digits, algorithm } = credential;
  return {
    ...{ subject: `${user}/${name}`, isRemembered: false, decision },
    output: { seed: seed.value.value, digits, algorithm, ...own(credential) },
  };
};
