// Whether a password, and the code that goes with it, let somebody in: one decision. The code is looked at first and spent in the
// transaction that the verdict commits with, which is only if the password was right too. Whoever has no entry, no right code
// or no try left is asked about as nobody, so that the directory is asked as often and no stranger without a code can have an
// account locked there. Nothing is ever changed by what the directory says or does not say.

import { type InputOf, ldap, type OutputOf, type RefusalCode, type Result, refuse } from '@chatelaine/contract';
import {
  type BoundOperation,
  type Call,
  type ModuleServices,
  type ReleaseOutcome,
  release,
} from '../../kernel/module.ts';
import type { ModuleTransaction } from '../../kernel/module-transaction.ts';
import { sourcePrefix } from '../../kernel/refusal-tally.ts';
import { asserted, type Condition, decideRelease, type Fact, proved } from '../../kernel/release/decision.ts';
import type { GivenCode, SpentCode } from '../../otp/spend-code.ts';
import type { TryBudget } from '../../otp/try-budget.ts';
import type { Answer, Directory } from './directory.ts';
import { type EntryRecord, personOf, putEntry, readBindPassword, readEntry } from './entry-record.ts';

const MOST_PLACES = 4;

type VerifyCall = Call<InputOf<typeof ldap.verify>>;

interface Subject {
  readonly answer: Answer;
  readonly mayTry: boolean;
  readonly hasEntry: boolean;
  /** Absent: none is needed. */
  readonly code: Result<SpentCode> | undefined;
}

const unmet = (code: RefusalCode, ...facts: readonly Fact[]) => ({ outcome: 'unmet', code, facts }) as const;
const met = { outcome: 'met', facts: [] } as const;

// What is the same for everybody stands first, and what only the owner may learn last.
const conditions: readonly Condition<Subject>[] = [
  {
    name: 'directory',
    evaluate: ({ answer }) => {
      if (answer.kind === 'busy') return unmet('busy');
      return answer.kind === 'failed' ? unmet('directory-unavailable', proved('directory', 'silent')) : met;
    },
  },
  {
    name: 'clock',
    evaluate: ({ code }) => (code?.kind === 'refused' && code.code === 'clock-behind' ? unmet(code.code) : met),
  },
  {
    name: 'tries',
    evaluate: ({ mayTry }) => (mayTry ? met : unmet('wrong-credentials', proved('tries-left', 0))),
  },
  { name: 'entry', evaluate: ({ hasEntry }) => (hasEntry ? met : unmet('wrong-credentials')) },
  {
    name: 'code',
    evaluate: ({ code }) => (code === undefined || code.kind === 'ok' ? met : unmet('wrong-credentials')),
  },
  {
    name: 'password',
    evaluate: ({ answer }) =>
      answer.kind === 'wrong' ? unmet('wrong-credentials', proved('directory', answer.why)) : met,
  },
  {
    name: 'account',
    evaluate: ({ answer }) => {
      if (answer.kind !== 'barred') return met;
      const isOfPassword = answer.why === 'password-expired' || answer.why === 'password-to-be-changed';
      return unmet(isOfPassword ? 'password-expired' : 'account-barred', proved('directory', answer.why));
    },
  },
];

/** The directory's answer about an account, asked for once however often an attempt is repeated. */
class AskedOnce {
  readonly #directory: Directory;
  readonly #answers = new WeakMap<object, { readonly name: string | undefined; readonly answer: Promise<Answer> }>();

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  /** `name` absent: about nobody, for which an earlier answer about somebody will do. */
  async ask(
    request: object,
    name: string | undefined,
    password: Uint8Array,
    bindPassword: Uint8Array | undefined,
  ): Promise<Answer> {
    const before = this.#answers.get(request);
    if (before !== undefined && (name === undefined || before.name === name)) return await before.answer;
    const question = {
      password,
      ...(name !== undefined && { name }),
      ...(bindPassword !== undefined && { bindPassword }),
    };
    const answer = this.#directory.ask(question);
    this.#answers.set(request, { name, answer });
    return await answer;
  }
}

/** Has the module of its kind look at the code; that it is spent is written in the same transaction. */
const lookAtCode = async (
  { ask, isLoaded }: ModuleServices,
  tx: ModuleTransaction,
  kind: EntryRecord['code'] | undefined,
  { input, moment, request, source, afterCommit }: VerifyCall,
): Promise<Result<SpentCode> | undefined> => {
  if (kind === undefined || kind === 'none') return undefined;
  if (!isLoaded(kind)) return refuse('unknown-operation');
  const given: GivenCode = {
    ...{ user: input.user, code: input.code ?? '', source: input.source?.address ?? source },
    ...{ moment, request, afterCommit, ifElsewhere: () => undefined },
  };
  return (await ask(kind, 'spend', tx, given)) as Result<SpentCode>;
};

export const verifyCredentials = (
  services: ModuleServices,
  budget: TryBudget,
  directory: Directory,
): BoundOperation => {
  const asked = new AskedOnce(directory);
  return release(ldap.verify, async (call, tx): Promise<ReleaseOutcome<OutputOf<typeof ldap.verify>>> => {
    const { input, moment, request } = call;
    const { user, password } = input;
    const entry = await readEntry(tx, user);
    const person = await personOf(services, tx, user);
    const isTheirs = person.kind === 'ok' && person.value.enabled && person.value.since === entry?.since;
    const source = input.source?.address ?? call.source ?? '';
    const place = source === '' ? undefined : sourcePrefix(source);
    const isKnownPlace = place !== undefined && entry?.places.includes(place) === true;
    const tried = { name: user, isUser: entry !== undefined, ...(isKnownPlace && { place }) };
    const mayTry = budget.take(tried, request);
    const code = await lookAtCode(services, tx, isTheirs ? entry.code : undefined, call);
    // A code that nobody asked for cannot be checked, and what was not checked is not passed over.
    const isCodeGood = code === undefined ? input.code === undefined : code.kind === 'ok';
    const name = mayTry && isTheirs && isCodeGood ? entry.name : undefined;
    const answer = await asked.ask(request, name, password, await readBindPassword(tx));
    const subject = { answer, mayTry, hasEntry: isTheirs && isCodeGood, code };
    const known = [
      ...[asserted('user', user), ...(source === '' ? [] : [asserted('address', source)])],
      ...(code?.kind === 'ok' ? [proved('code', code.value.by)] : []),
    ];
    const decision = decideRelease(conditions, subject, moment, known);
    const isPasswordRight = name !== undefined && (answer.kind === 'right' || answer.kind === 'barred');
    if (!isPasswordRight || entry === undefined) {
      if (answer.kind === 'failed' || answer.kind === 'busy') budget.giveBack(tried, request);
      if (code?.kind === 'ok') code.value.giveBack?.();
      if (answer.kind === 'wrong' && answer.why === 'locked') {
        services.log.info({ user, server: answer.server }, 'the directory has locked an account');
      }
      return { decision };
    }
    const facts = [...decision.facts, proved('server', answer.server)];
    if (decision.verdict !== 'release') {
      // It is on record and the code is spent: password and code were right.
      call.afterCommit(() => budget.giveBack(tried, request));
      return { subject: user, isRemembered: false, decision: { ...decision, facts } };
    }
    const places = place === undefined ? entry.places : [...entry.places.filter((other) => other !== place), place];
    putEntry(tx, user, { ...entry, places: places.slice(-MOST_PLACES), lastUsedAtUnixMs: moment.nowUnixMs });
    call.afterCommit(() => budget.restore(tried));
    const output = { name: entry.name, ...(code?.kind === 'ok' && { code: code.value.by }) };
    return { subject: user, isRemembered: false, decision: { ...decision, facts }, output };
  });
};
