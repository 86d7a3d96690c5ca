// Credentials as an administrator keeps them: confirmed by their device before they count, found again when it went astray.

import { type InputOf, ok, type Result, refuse, totp } from '@chatelaine/contract';
import { answer, type BoundOperation, type Call, type ModuleServices } from '../kernel/module.ts';
import type { ModuleTransaction } from '../kernel/module-transaction.ts';
import type { CommonCredential, CountedKind } from './counted-kind.ts';
import { credentialsOfPresentUser, isConfirmed, putCredentials, seedOf, withCredential } from './credentials-record.ts';
import { matchCode, matchRow } from './match-code.ts';
import { parseCode } from './one-time-code.ts';
import { settled } from './settled.ts';
import type { TryBudget } from './try-budget.ts';

/** What the enrolments of both modules say. */
type Enrolment = Pick<InputOf<typeof totp.enroll>, 'user' | 'credential' | 'secret' | 'digits' | 'algorithm'>;

/** The key that a new credential is to rest on, kept by the module `aes`. */
const takeKey = async (
  module: string,
  services: ModuleServices,
  tx: ModuleTransaction,
  { user, credential, secret }: Enrolment,
  nowUnixMs: number,
): Promise<Result<{ readonly key: string; readonly seed?: Buffer }>> => {
  if (secret.kind === 'key') {
    const linked = await seedOf(services, tx, user, secret.key);
    if (linked.kind === 'ok') return ok({ key: secret.key });
    return refuse('invalid-input', { field: 'secret.key', message: `is no key of theirs that is linked to ${module}` });
  }
  const key = `${module}-${credential}`;
  const value = secret.kind === 'new' ? services.random(secret.sizeBytes) : secret.value;
  const kept = await services.ask('aes', 'keep', tx, { user, key, value, nowUnixMs });
  if (kept.kind === 'refused') {
    if (secret.kind === 'new') value.fill(0);
    return kept;
  }
  return ok(secret.kind === 'new' ? { key, seed: Buffer.from(value.buffer, value.byteOffset, value.length) } : { key });
};

/** Answers an enrolment; `own` are the fields of the new credential that only its kind has. */
export const enrollCredential = async <C extends CommonCredential>(
  kind: CountedKind<C>,
  services: ModuleServices,
  { input, moment, whenOver }: Call<Enrolment>,
  tx: ModuleTransaction,
  own: Omit<C, Exclude<keyof CommonCredential, 'unspent'>>,
): Promise<Result<{ seed?: Buffer }>> => {
  const { user, credential: name, digits, algorithm } = input;
  const present = await credentialsOfPresentUser(kind, services, tx, user);
  if (present.kind === 'refused') return present;
  const record = present.value;
  const before = record.credentials.find((one) => one.name === name);
  if (before !== undefined && (await isConfirmed(services, tx, user, before)))
    return refuse('already-exists', { field: 'credential', message: 'is taken' });
  if (before === undefined && record.credentials.length >= totp.MAX_CREDENTIALS) {
    return refuse('too-large', { message: `a user has at most ${totp.MAX_CREDENTIALS} of a kind` });
  }
  if (before !== undefined) await services.ask('aes', 'discard', tx, { user, key: before.key });
  const taken = await takeKey(kind.module, services, tx, input, moment.nowUnixMs);
  if (taken.kind === 'refused') return taken;
  const { key, seed } = taken.value;
  whenOver(() => seed?.fill(0));
  const common = { name, key, digits, algorithm, confirmed: false, createdAtUnixMs: moment.nowUnixMs };
  // The two halves are all fields of C; the type checker cannot add up a type it does not know.
  const credential = { ...common, ...own, epoch: services.epoch.number } as unknown as C;
  putCredentials(kind, tx, user, withCredential(record, credential));
  return ok(seed === undefined ? {} : { seed });
};

interface CodesGiven {
  readonly user: string;
  readonly credential: string;
  readonly codes: readonly string[];
}

/** The credential once it has shown these codes. A single one is looked for where it should be, a row far around. */
const showCodes = async <C extends CommonCredential>(
  kind: CountedKind<C>,
  services: ModuleServices,
  { input, moment }: Call<CodesGiven>,
  tx: ModuleTransaction,
  isWanted: (credential: C) => boolean,
): Promise<Result<Record<string, never>>> => {
  const { user, credential: name } = input;
  const present = await credentialsOfPresentUser(kind, services, tx, user);
  if (present.kind === 'refused') return present;
  const kept = present.value.credentials.find((one) => one.name === name);
  if (kept === undefined || !isWanted(kept)) return refuse('not-found');
  if (kind.needsClock && moment.clockBehindMs > 0) return refuse('clock-behind');
  const seed = await seedOf(services, tx, user, kept.key);
  if (seed.kind === 'refused') return refuse('not-found');
  const parsed = input.codes.map(parseCode);
  const codes = parsed.filter((code) => code !== undefined);
  const [code] = codes;
  if (code === undefined || codes.length < parsed.length) return refuse('wrong-code');
  const before = settled(kind, kept, services.epoch) ?? kept;
  const { from, to } = kind.wideWindow(before, moment);
  const one = matchCode(seed.value.value, code, before, kind.window(before, moment), before.unspent);
  const counter =
    codes.length > 1
      ? matchRow(seed.value.value, codes, before, { from: Math.max(from, before.unspent), to })
      : one.kind === 'accepted'
        ? one.counter
        : undefined;
  if (counter === undefined) return refuse('wrong-code');
  const spent = { ...kind.spend(before, counter, moment), confirmed: true, epoch: services.epoch.number };
  putCredentials(kind, tx, user, withCredential(present.value, spent));
  return ok({});
};

/** What an administrator may change, besides enrolling. */
export const changeCredentials = <C extends CommonCredential>(
  kind: CountedKind<C>,
  services: ModuleServices,
  budget: TryBudget,
): readonly BoundOperation[] => [
  answer(kind.operations.confirm, (call, tx) => showCodes(kind, services, call, tx, ({ confirmed }) => !confirmed)),

  answer(kind.operations.resync, (call, tx) => showCodes(kind, services, call, tx, ({ confirmed }) => confirmed)),

  answer(kind.operations.remove, async ({ input: { user, credential: name } }, tx) => {
    const present = await credentialsOfPresentUser(kind, services, tx, user);
    if (present.kind === 'refused') return present;
    const credential = present.value.credentials.find((one) => one.name === name);
    if (credential === undefined) return refuse('not-found');
    await services.ask('aes', 'discard', tx, { user, key: credential.key });
    const credentials = present.value.credentials.filter((one) => one !== credential);
    putCredentials(kind, tx, user, { ...present.value, credentials });
    return ok({});
  }),

  answer(kind.operations.allowTries, async ({ input, afterCommit }) => {
    afterCommit(() => budget.restoreAll(input.user));
    return ok({});
  }),
];
