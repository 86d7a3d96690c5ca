// Whether a code is accepted. What is spent is written in the transaction that the verdict commits with: of any number of
// requests with the same code one commits, and the others find it spent. Whatever is wrong, the same is answered after the same
// work: the look-ups and codes of one credential are made for a user who is not there too.

import { ok, type Result, refuse } from '@chatelaine/contract';
import { type BoundOperation, type ModuleServices, release, type Service } from '../kernel/module.ts';
import type { ModuleTransaction } from '../kernel/module-transaction.ts';
import { sourcePrefix } from '../kernel/refusal-tally.ts';
import {
  asserted,
  type Condition,
  type Decision,
  decideRelease,
  type Moment,
  proved,
} from '../kernel/release/decision.ts';
import type { CommonCredential, CountedKind } from './counted-kind.ts';
import { putCredentials, readCredentials, seedOf, withCredential } from './credentials-record.ts';
import { type FirstCode, FirstCodes, isNext } from './first-codes.ts';
import { type Match, matchCode, matchFar } from './match-code.ts';
import { parseCode } from './one-time-code.ts';
import { settled } from './settled.ts';
import type { GivenCode, SpentCode } from './spend-code.ts';
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

/** What a code turned out to be. */
interface Tried<C> {
  /** It is in the window of this credential. */
  readonly found?: Found<C>;
  /** It is only far ahead, where this one may be. */
  readonly far?: { readonly credential: C; readonly counters: readonly number[] };
  readonly isRepeated: boolean;
}

interface Given {
  readonly user: string;
  readonly code: Uint8Array;
  readonly since: number | undefined;
  /** Whether it is looked for far ahead too. */
  readonly mayBeFar: boolean;
}

/** Tries the code with each of the credentials. */
const tryAll = async <C extends CommonCredential>(
  kind: CountedKind<C>,
  services: ModuleServices,
  tx: ModuleTransaction,
  { user, code, since, mayBeFar }: Given,
  credentials: readonly C[],
  moment: Moment,
): Promise<Tried<C>> => {
  let found: Found<C> | undefined;
  let far: Tried<C>['far'];
  let isRepeated = false;
  for (const kept of credentials.length === 0 ? [kind.nobodys] : credentials) {
    const key = await seedOf(services, tx, user, kept.key === '' ? NOBODYS_KEY : kept.key);
    const counting = settled(kind, kept, services.epoch);
    const mayCount = key.kind === 'ok' && key.value.since === since && kept.confirmed && counting !== undefined;
    const credential = counting ?? kept;
    const seed = key.kind === 'ok' ? key.value.value : NOBODYS_SEED;
    const match: Match = matchCode(seed, code, credential, kind.window(credential, moment), credential.unspent);
    const isNear = mayCount && match.kind !== 'wrong';
    const window = isNear || !mayBeFar ? undefined : kind.farWindow?.(credential);
    const counters = window === undefined ? [] : matchFar(seed, code, credential, window);
    if (!mayCount) continue;
    if (match.kind === 'accepted') found ??= { credential, counter: match.counter };
    else if (counters.length > 0) far ??= { credential, counters };
    isRepeated ||= match.kind === 'repeated';
  }
  return { isRepeated, ...(found !== undefined && { found }), ...(far !== undefined && { far }) };
};

/** The code and its credential if it is to be accepted: one in the window, or one that goes on from the one just before. */
const acceptable = <C extends CommonCredential>(
  { found, far }: Tried<C>,
  before: FirstCode | undefined,
  mayTry: boolean,
): { readonly accepted?: Found<C>; readonly first?: FirstCode } => {
  if (found !== undefined && mayTry) return { accepted: found };
  const candidate = found === undefined ? far : { credential: found.credential, counters: [found.counter] };
  if (candidate === undefined) return {};
  const { credential, counters } = candidate;
  const next = isNext(before, credential.name, counters, found === undefined);
  if (next !== undefined) return { accepted: { credential, counter: next } };
  return { first: { credential: credential.name, counters, isFar: found === undefined } };
};

type TakenCode = Omit<GivenCode, 'ifElsewhere'> & { readonly credential?: string | undefined };

interface Verdict {
  readonly decision: Decision;
  /** The credential whose code it is; present exactly when it is accepted. */
  readonly credential?: string;
  /** It was no code of this kind, but one of another, or is not spent after all: the try is there again. */
  readonly giveBack: () => void;
}

/** Checks codes of one module: in the operation that others ask, and for modules that take a code as proof. */
export class CodeCheck<C extends CommonCredential> {
  readonly #kind: CountedKind<C>;
  readonly #services: ModuleServices;
  readonly #budget: TryBudget;
  readonly #firsts: FirstCodes;

  constructor(kind: CountedKind<C>, services: ModuleServices, budget: TryBudget) {
    this.#kind = kind;
    this.#services = services;
    this.#budget = budget;
    this.#firsts = new FirstCodes(services.clock);
  }

  /** `MODULE.verify`. */
  get operation(): BoundOperation {
    return release(this.#kind.operations.verify, async ({ input, source, moment, request, afterCommit }, tx) => {
      const { user, code, credential: wanted } = input;
      const given = { user, code, credential: wanted, source: input.source?.address ?? source };
      const { decision, credential } = await this.#take({ ...given, moment, request, afterCommit }, tx);
      if (credential === undefined) return { decision };
      return { subject: `${user}/${credential}`, isRemembered: false, decision, output: { credential } };
    });
  }

  /** `spend`: {@link SpentCode}, or why not. */
  get service(): Service {
    return async ({ tx, input }): Promise<Result<SpentCode>> => {
      const given = input as GivenCode;
      const { decision, credential, giveBack } = await this.#take(given, tx);
      if (credential !== undefined) return ok({ by: `${this.#kind.module}/${credential}`, giveBack });
      given.ifElsewhere(giveBack);
      return refuse(decision.verdict === 'refuse' ? decision.code : 'wrong-code');
    };
  }

  /** Decides about a code, and writes into `tx` that it is spent. */
  async #take(taken: TakenCode, tx: ModuleTransaction): Promise<Verdict> {
    const { user, source = '', moment, request } = taken;
    const [kind, budget, firsts] = [this.#kind, this.#budget, this.#firsts];
    const place = source === '' ? '' : sourcePrefix(source);
    const record = await readCredentials(kind, tx, user);
    const isKnownPlace = place !== '' && record?.places.includes(place) === true;
    const tried = { name: user, isUser: record !== undefined, ...(isKnownPlace && { place }) };
    const giver = { name: user, place };
    const giveBack = (): void => budget.giveBack(tried, request);
    const code = parseCode(taken.code);
    const asked = (record?.credentials ?? []).filter(({ name }) => (taken.credential ?? name) === name);
    const mayTry = code === undefined || budget.take(tried, request);
    const before = firsts.take(giver, request);
    const mayBeOfTwo = mayTry || budget.takeRow(giver, request);
    const given = { user, code: code ?? MALFORMED, since: record?.since, mayBeFar: mayTry && code !== undefined };
    const matched = await tryAll(kind, this.#services, tx, given, asked, moment);
    const { accepted, first } = mayBeOfTwo ? acceptable(matched, before, mayTry) : {};
    const isRow = accepted !== undefined && (!mayTry || matched.found === undefined);
    const known = [asserted('user', user), ...(source === '' ? [] : [asserted('address', source)])];
    const subject = { needsClock: kind.needsClock, mayTry: mayTry || isRow, isAccepted: accepted !== undefined };
    const decision = decideRelease(conditions, subject, moment, known);
    if (decision.verdict !== 'release' || accepted === undefined || record === undefined) {
      if (matched.isRepeated || accepted !== undefined) giveBack();
      if (first !== undefined) firsts.keep(giver, first);
      return { decision, giveBack };
    }
    const { name } = accepted.credential;
    const spent = kind.spend(accepted.credential, accepted.counter, moment);
    const places = place === '' ? record.places : [...record.places.filter((known) => known !== place), place];
    const next = withCredential({ ...record, places: places.slice(-MOST_PLACES) }, spent);
    putCredentials(kind, tx, user, next);
    taken.afterCommit(() => budget.restore(tried));
    const facts = [
      ...decision.facts,
      ...[proved('credential', name), proved('counter', accepted.counter)],
      ...(isRow ? [proved('second-of-two', true)] : []),
    ];
    return { decision: { ...decision, facts }, credential: name, giveBack };
  }
}
