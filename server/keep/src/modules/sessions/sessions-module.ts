// Logins. A user proves who they are and gets a token for some hours; with it they are themselves to every public operation.

import { ok, type Result, refuse, sessions } from '@chatelaine/contract';
import { answer, type BoundOperation, defineModule, type ModuleServices, release } from '../../kernel/module.ts';
import type { ModuleTransaction } from '../../kernel/module-transaction.ts';
import type { Principal } from '../../kernel/principal.ts';
import { asserted, decideRelease, type Moment, proved } from '../../kernel/release/decision.ts';
import { CODE_MODULES } from '../../otp/spend-code.ts';
import { LoginCheck, type Standing } from './check-login.ts';
import {
  createSession,
  digestOf,
  endSession,
  findSession,
  isGood,
  listSessions,
  readSession,
  SESSION_PREFIX,
} from './session-record.ts';

const challenge = ({ proofs, storeId }: ModuleServices): BoundOperation =>
  answer(sessions.challenge, async () => ok({ storeId, nonce: proofs.currentNonce() }));

const clockIsRight = {
  name: 'clock',
  evaluate: (_user: string, { clockBehindMs }: Moment) =>
    clockBehindMs === 0
      ? ({ outcome: 'met', facts: [] } as const)
      : ({ outcome: 'unmet', code: 'clock-behind', facts: [proved('clock-behind-ms', clockBehindMs)] } as const),
};

const login = (services: ModuleServices): BoundOperation => {
  const check = new LoginCheck(services);
  return release(sessions.login, async (call, tx) => {
    const { moment, whenOver } = call;
    const { user, proof, lifeMs } = call.input;
    const known = [asserted('user', user), proved('by', proof.kind)];
    const checked = await check.check(call, tx);
    if (checked.kind === 'refused') {
      return { decision: { verdict: 'refuse', code: checked.code, condition: 'identity', facts: known } };
    }
    const { stretch, code } = checked.value;
    const byCode = code === undefined ? [] : [proved('one-time-code-made-by', code)];
    const facts = [proved('user', user), proved('by', proof.kind), ...byCode, proved('life-ms', lifeMs)];
    const decision = decideRelease([clockIsRight], user, moment, facts);
    if (decision.verdict !== 'release') return { subject: user, decision };
    const expiresAtUnixMs = moment.nowUnixMs + lifeMs;
    const epoch = services.epoch.number;
    const { token, session } = createSession(tx, services.random, {
      ...{ user, stretch, by: proof.kind, createdAtUnixMs: moment.nowUnixMs, expiresAtUnixMs, epoch },
      ...(code !== undefined && { code }),
    });
    whenOver(() => token.fill(0));
    return { subject: user, decision, output: { token, session, expiresAtUnixMs } };
  });
};

const list = answer(sessions.list, async ({ input: { limit, cursor }, moment }, tx) => {
  const page = await listSessions(tx, cursor === undefined ? { limit } : { limit, cursor });
  const good = page.sessions
    .filter((record) => isGood(record, moment.nowUnixMs))
    .map(({ session, user, by, code, createdAtUnixMs, expiresAtUnixMs }) => ({
      ...{ session, user, by, ...(code !== undefined && { code }) },
      ...{ createdAtUnixMs, expiresAtUnixMs },
    }));
  return ok(page.cursor === undefined ? { sessions: good } : { sessions: good, cursor: page.cursor });
});

const end = async (tx: ModuleTransaction, id: string, nowUnixMs: number): Promise<Result<Record<string, never>>> => {
  const found = await findSession(tx, id);
  if (found === undefined || !isGood(found.record, nowUnixMs)) return refuse('not-found');
  endSession(tx, found.digest, found.record, nowUnixMs);
  return ok({});
};

const revoke = answer(sessions.revoke, ({ input, moment }, tx) => end(tx, input.session, moment.nowUnixMs));

const logout = answer(sessions.logout, async ({ principal, moment }, tx) =>
  principal.session === undefined ? refuse('not-found') : end(tx, principal.session, moment.nowUnixMs),
);

/** Whose login a token is. Whether it is unknown, over or its user kept out, the same is answered. */
const authenticate =
  (services: ModuleServices) =>
  async (tx: ModuleTransaction, token: Uint8Array, moment: Moment): Promise<Result<Principal>> => {
    if (moment.clockBehindMs > 0) return refuse('clock-behind');
    const record = await readSession(tx, digestOf(token));
    const asked = (await services.ask('users', 'standing', tx, { name: record?.user ?? 'nobody' })) as Result<Standing>;
    if (record === undefined || !isGood(record, moment.nowUnixMs)) return refuse('unauthenticated');
    if ((record.epoch ?? 0) !== services.epoch.number) return refuse('unauthenticated');
    if (asked.kind === 'refused' || asked.value.stretch !== record.stretch) return refuse('unauthenticated');
    return ok({ role: 'user', identity: record.user, groups: asked.value.groups, session: record.session });
  };

export const sessionsModule = defineModule({
  name: 'sessions',
  requires: ['users'],
  mayAsk: CODE_MODULES,
  start: (services) => ({
    operations: [challenge(services), login(services), list, revoke, logout],
    credentials: {
      prefix: SESSION_PREFIX,
      role: 'user',
      authenticate: authenticate(services),
      describe: async (tx, name) => {
        const asked = (await services.ask('users', 'standing', tx, { name })) as Result<Standing>;
        return asked.kind === 'ok' ? { role: 'user', identity: name, groups: asked.value.groups } : undefined;
      },
    },
  }),
});
