// Whether a code is accepted. What is spent is written in the transaction that the verdict commits with: of any number of
// requests with the same code one commits, and the others find it spent. Whatever is wrong, the same is answered after the same
// work: the look-ups and codes of one credential are made for a user who is not there too.

import type { BoundOperation, ModuleServices } from '../kernel/module.ts';
import { release } from '../kernel/module.ts';
import type { ModuleTransaction } from '../kernel/module-transaction.ts';
import { sourcePrefix } from '../kernel/refusal-tally.ts';
import { asserted, type Condition, decideRelease, type Moment, proved } from '../kernel/release/decision.ts';
import type { CommonCredential, CountedKind } from './counted-kind.ts';
import { putCredentials, readCredentials, seedOf, withCredential } from './credentials-record.ts';
import { type Match, matchCode } from './match-code.ts';
import { parseCode } from './one-time-code.ts';
import { settled } from './settled.ts';
import type { TryBudget } from './try-budget.ts';

const NOBODYS_KEY = 'nobodys';
const NOBODYS_SEED = new Uint8Array(20);
const MALFORMED = Buffer.from('malformed');
const MOST_PLACES = 4;
/** Before this no clock was ever right. */
const CHATELAINE_BEGAN_UNIX_MS = Date.UTC(2026, 0, 1);

interface Subject {
  readonly needsClock: boolean;
  readonly mayTry: boolean;
  readonly isAccepted: boolean;
}

const conditions: readonly Condition<Subject>[] = [
  {
    name: 'clock',
    evaluate: ({ needsClock }, { clockBehindMs, nowUnixMs }) => {
      if (!needsClock || (clockBehindMs === 0 && nowUnixMs >= CHATELAINE_BEGAN_UNIX_MS))
        return { outcome: 'met', facts: [] };
      return { outcome: 'unmet', code: 'clock-behind', facts: [proved('clock-behind-ms', clockBehindMs)] };
    },
  },
  {
    name: 'tries',
    evaluate: ({ mayTry }) =>
      mayTry
        ? { outcome: 'met', facts: [] }
        : { outcome: 'unmet', code: 'wrong-code', facts: [proved('tries-left', 0)] },
  },
  {
    name: 'code',
    evaluate: ({ isAccepted }) =>
      isAccepted ? { outcome: 'met', facts: [] } : { outcome: 'unmet', code: 'wrong-code', facts: [] },
  },
];

interface Found<C> {
  readonly credential: C;
  readonly counter: number;
}

/** Tries the code with each of the credentials. */
const tryAll = async <C extends CommonCredential>(
  kind: CountedKind<C>,
  services: ModuleServices,
  tx: ModuleTransaction,
  { user, code, since }: { readonly user: string; readonly code: Uint8Array; readonly since: number | undefined },
  credentials: readonly C[],
  moment: Moment,
): Promise<{ readonly found?: Found<C>; readonly isRepeated: boolean }> => {
  let found: Found<C> | undefined;
  let isRepeated = false;
  for (const kept of credentials.length === 0 ? [kind.nobodys] : credentials) {
    const key = await seedOf(services, tx, user, kept.key === '' ? NOBODYS_KEY : kept.key);
    const counting = settled(kind, kept, services.epoch);
    const mayCount = key.kind === 'ok' && key.value.since === since && kept.confirmed && counting !== undefined;
    const credential = counting ?? kept;
    const seed = key.kind === 'ok' ? key.value.value : NOBODYS_SEED;
    const match: Match = matchCode(seed, code, credential, kind.window(credential, moment), credential.unspent);
    if (!mayCount) continue;
    if (match.kind === 'accepted') found ??= { credential, counter: match.counter };
    isRepeated ||= match.kind === 'repeated';
  }
  return found === undefined ? { isRepeated } : { found, isRepeated };
};

export const verifyCode = <C extends CommonCredential>(
  kind: CountedKind<C>,
  services: ModuleServices,
  budget: TryBudget,
): BoundOperation =>
  release(kind.operations.verify, async (call, tx) => {
    const { input, moment, request } = call;
    const { user } = input;
    const source = input.source?.address ?? call.source ?? '';
    const from = source === '' ? undefined : sourcePrefix(source);
    const record = await readCredentials(kind, tx, user);
    const isKnownPlace = from !== undefined && record?.places.includes(from) === true;
    const tried = { name: user, isUser: record !== undefined, ...(isKnownPlace && { place: from }) };
    const code = parseCode(input.code);
    const asked = (record?.credentials ?? []).filter(({ name }) => (input.credential ?? name) === name);
    const mayTry = code === undefined || budget.take(tried, request);
    const given = { user, code: code ?? MALFORMED, since: record?.since };
    const { found, isRepeated } = await tryAll(kind, services, tx, given, asked, moment);
    const isAccepted = found !== undefined;
    const known = [asserted('user', user), ...(source === '' ? [] : [asserted('address', source)])];
    const decision = decideRelease(conditions, { needsClock: kind.needsClock, mayTry, isAccepted }, moment, known);
    if (decision.verdict !== 'release' || found === undefined || record === undefined) {
      if (isRepeated || isAccepted) budget.giveBack(tried, request);
      return { decision };
    }
    const { name } = found.credential;
    const spent = kind.spend(found.credential, found.counter, moment);
    const places = from === undefined ? record.places : [...record.places.filter((place) => place !== from), from];
    const next = withCredential({ ...record, places: places.slice(-MOST_PLACES) }, spent);
    putCredentials(kind, tx, user, next);
    call.afterCommit(() => budget.restore(tried));
    const facts = [...decision.facts, proved('credential', name), proved('counter', found.counter)];
    return {
      subject: `${user}/${name}`,
      isRemembered: false,
      decision: { ...decision, facts },
      output: { credential: name },
    };
  });
