// A machine that needs a one-time code. Each attack that must fail is a test.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hotp, machines, recovery, totp, users } from '@chatelaine/contract';
import type { KeyPair } from '@chatelaine/rawtls/testing';
import { oneTimeCode } from '../../otp/one-time-code.ts';
import { codeOf, hotpEnrolment, SEED, startWithUsers, totpEnrolment } from '../../otp/testing/start-with-users.ts';
import { TRIES } from '../../otp/try-budget.ts';
import { type StartedKeep, settings, startKeep } from '../../testing/start-keep.ts';

const HOUR_MS = 3_600_000;
const STEP_MS = 30_000;
const BOBS_SEED = Buffer.from('ABCDEFGHIJKLMNOPQRST');

const needsCode: machines.MachineSettings = {
  ...settings,
  timeoutMs: 100 * HOUR_MS,
  oneTimeCode: { users: ['ada'], groups: [] },
};

/** The code of ada's phone now; every call is a step later, so that each code is a new one. */
const nextCode = ({ clock }: StartedKeep): string => {
  clock.advance(2 * STEP_MS);
  return oneTimeCode(SEED, Math.floor(clock.nowUnixMs() / STEP_MS), totpEnrolment).toString();
};

/** ada has a phone, bob a token with a button whose codes 0 and 1 are spent; both are in a group. */
const start = async (): Promise<StartedKeep> => {
  const started = await startWithUsers('machines');
  const { admin } = started;
  const name = { credential: 'default' };
  const done = async (answer: Promise<{ readonly kind: string; readonly code?: string }>): Promise<void> =>
    assert.equal(codeOf(await answer), 'ok');
  await done(admin.call(totp.enroll, { user: 'ada', ...totpEnrolment }));
  await done(admin.call(totp.confirm, { user: 'ada', ...name, codes: [nextCode(started)] }));
  const secret = { kind: 'given', value: BOBS_SEED } as const;
  await done(admin.call(hotp.enroll, { user: 'bob', ...hotpEnrolment, secret }));
  await done(admin.call(hotp.confirm, { user: 'bob', ...name, codes: [bobsCode(0), bobsCode(1)] }));
  return started;
};

const bobsCode = (counter: number): string => oneTimeCode(BOBS_SEED, counter, hotpEnrolment).toString();

/** The requests that wait, once there are `count`. */
const waiting = async (started: StartedKeep, count = 1): Promise<readonly machines.PendingRequest[]> => {
  for (;;) {
    const pending = await started.admin.call(machines.pending, {});
    assert.equal(pending.kind, 'ok');
    if (pending.kind === 'ok' && pending.value.requests.length === count) return pending.value.requests;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

const waitingOne = async (started: StartedKeep): Promise<machines.PendingRequest> => {
  const [request] = await waiting(started);
  assert.ok(request);
  return request;
};

const give = async (
  started: StartedKeep,
  { requestId }: Pick<machines.PendingRequest, 'requestId'>,
  code: string,
  user = 'ada',
): Promise<string> => codeOf(await started.admin.call(machines.giveCode, { requestId, user, code }));

/** A request that nobody will answer: it is given up at the end. */
const withWaiting = async (
  started: StartedKeep,
  pair: KeyPair,
  work: (request: machines.PendingRequest) => Promise<void>,
): Promise<void> => {
  const gone = new AbortController();
  const fetching = started.fetch(pair, gone.signal);
  await work(await waitingOne(started));
  gone.abort();
  assert.equal(codeOf(await fetching), 'cancelled', 'it still waited');
};

/** Whether the code is still good for something. */
const isUnspent = async (started: StartedKeep, code: string): Promise<boolean> =>
  codeOf(await started.admin.call(totp.verify, { user: 'ada', code })) === 'ok';

test('a secret leaves when a named person gave a code for this very request, and `why` says whose', async () => {
  await using started = await start();
  const pair = await started.enroll('web1', { settings: needsCode });
  const fetching = started.fetch(pair);
  const request = await waitingOne(started);
  assert.deepEqual(request.codeOf, needsCode.oneTimeCode);
  assert.equal(request.releasedAtEnd, false, 'by default or not');
  const given = await started.admin.call(machines.giveCode, {
    ...{ requestId: request.requestId, user: 'ADA', code: nextCode(started) },
  });
  assert.deepEqual(given, { kind: 'ok', value: { by: 'totp/default' } });
  assert.equal(codeOf(await fetching), 'ok');
  const why = await started.admin.call(machines.why, { name: 'web1' });
  const facts = why.kind === 'ok' ? (why.value.last?.facts ?? []) : [];
  const saidOf = (name: string) => facts.find((fact) => fact.name === name)?.value;
  assert.equal(saidOf('one-time-code-of'), 'ada');
  assert.equal(saidOf('one-time-code-given-by'), 'ada');
  assert.equal(saidOf('one-time-code-made-by'), 'totp/default');
});

test('a recovery code does as well as one of a phone, once', async () => {
  await using started = await start();
  const made = await started.admin.call(recovery.make, { user: 'ada' });
  const code = made.kind === 'ok' ? Buffer.from(made.value.codes[0] ?? []).toString('ascii') : '';
  const pair = await started.enroll('web1', { settings: needsCode });
  const fetching = started.fetch(pair);
  const { requestId } = await waitingOne(started);
  const given = await started.admin.call(machines.giveCode, { requestId, user: 'ada', code });
  assert.deepEqual(given, { kind: 'ok', value: { by: 'recovery' } });
  assert.equal(codeOf(await fetching), 'ok');
  assert.equal(codeOf(await started.admin.call(recovery.verify, { user: 'ada', code })), 'wrong-code', 'spent');
});

test('while it waits, `why` says what for; without a code it is refused when its time is over', async () => {
  await using started = await start();
  const pair = await started.enroll('web1', { settings: needsCode });
  const fetching = started.fetch(pair);
  const request = await waitingOne(started);
  const last = async () => {
    const why = await started.admin.call(machines.why, { name: 'web1' });
    return why.kind === 'ok' ? why.value.last : undefined;
  };
  const { decision, condition } = (await last()) ?? {};
  assert.deepEqual({ decision, condition }, { decision: 'waiting', condition: 'one-time-code' });
  started.clock.advance(HOUR_MS);
  const code = nextCode(started);
  assert.equal(await give(started, request, code), 'not-found', 'too late, and so it is not spent');
  assert.ok(await isUnspent(started, code));
  await started.admin.call(machines.vouch, { name: 'web1' });
  assert.equal(codeOf(await fetching), 'needs-code');
  assert.equal((await last())?.code, 'needs-code');
});

test('a code counts once: not for the next request, nor for another one that waits at the same time', async () => {
  await using started = await start();
  const pair = await started.enroll('web1', { settings: needsCode });
  const code = nextCode(started);
  const first = started.fetch(pair);
  const earlier = await waitingOne(started);
  assert.equal(await give(started, earlier, code), 'ok');
  assert.equal(codeOf(await first), 'ok');
  await withWaiting(started, pair, async (request) => {
    assert.equal(await give(started, request, code), 'wrong-code', 'replayed');
    assert.equal(await give(started, earlier, nextCode(started)), 'not-found', 'its request is over');
  });
  const two = [started.fetch(pair), started.fetch(pair)];
  const both = await waiting(started, 2);
  const again = nextCode(started);
  const answers = await Promise.all(both.map((request) => give(started, request, again)));
  assert.deepEqual(answers.toSorted(), ['ok', 'wrong-code']);
  await Promise.race(two);
  const [left] = await waiting(started);
  assert.ok(left);
  assert.equal(left.codeGivenBy, undefined);
  assert.equal(await give(started, left, nextCode(started)), 'ok');
  for (const fetched of await Promise.all(two)) assert.equal(codeOf(fetched), 'ok');
});

test('a code that was spent for something else, or belongs to somebody else, is none', async () => {
  await using started = await start();
  const pair = await started.enroll('web1', { settings: needsCode });
  await withWaiting(started, pair, async (request) => {
    const code = nextCode(started);
    assert.ok(await isUnspent(started, code));
    assert.equal(await give(started, request, code), 'wrong-code');
    assert.equal(await give(started, request, bobsCode(2)), 'wrong-code', "bob's code, as ada");
    assert.equal(await give(started, request, bobsCode(2), 'bob'), 'not-an-approver', 'he is not named');
    assert.equal(await give(started, request, nextCode(started), 'nobody'), 'not-an-approver');
    assert.equal(codeOf(await started.admin.call(hotp.verify, { user: 'bob', code: bobsCode(2) })), 'ok', 'unspent');
  });
});

test('whoever is in a named group may give a code, until they are out of it', async () => {
  await using started = await start();
  const ops = { ...needsCode, oneTimeCode: { users: [], groups: ['ops'] } };
  const pair = await started.enroll('web1', { settings: ops });
  await withWaiting(started, pair, async (request) => {
    assert.equal(await give(started, request, bobsCode(2), 'bob'), 'not-an-approver');
  });
  await started.admin.call(users.setGroups, { name: 'bob', groups: ['ops'] });
  const fetching = started.fetch(pair);
  assert.equal(await give(started, await waitingOne(started), bobsCode(2), 'bob'), 'ok');
  assert.equal(codeOf(await fetching), 'ok');
  await started.admin.call(users.setGroups, { name: 'bob', groups: [] });
  await withWaiting(started, pair, async (request) => {
    assert.equal(await give(started, request, bobsCode(3), 'bob'), 'not-an-approver');
  });
});

for (const cut of [machines.disable, machines.remove]) {
  test(`a machine that is cut off by ${cut.name} while it waits gets nothing, and no code is spent for it`, async () => {
    await using started = await start();
    const pair = await started.enroll('web1', { settings: needsCode });
    const fetching = started.fetch(pair);
    const request = await waitingOne(started);
    const code = nextCode(started);
    await started.admin.call(cut, { name: 'web1' });
    assert.notEqual(await give(started, request, code), 'ok');
    assert.equal((await fetching).kind, 'refused');
    assert.ok(await isUnspent(started, code));
  });
}

// Signatures are waited for as well, so that a code that was given has to stand for a while.
const alsoSigned = { ...needsCode, approval: { required: 1, approvers: ['anna'] } };
const changes: readonly (readonly [string, (started: StartedKeep) => Promise<unknown>])[] = [
  ['is disabled', ({ admin }) => admin.call(users.disable, { name: 'ada' })],
  ['is removed', ({ admin }) => admin.call(users.remove, { name: 'ada' })],
  [
    'is removed and added again',
    async ({ admin, clock }) => {
      await admin.call(users.remove, { name: 'ada' });
      clock.advance(1);
      await admin.call(users.add, { name: 'ada', fullName: '', groups: [] });
    },
  ],
  [
    'is not named any more',
    ({ admin }) =>
      admin.call(machines.set, {
        ...{ name: 'web1', settings: { oneTimeCode: { users: ['bob'], groups: [] } }, clear: [] },
      }),
  ],
];

for (const [what, change] of changes) {
  test(`a code that was given does not count any more once its user ${what}`, async () => {
    await using started = await start();
    const pair = await started.enroll('web1', { settings: alsoSigned });
    await withWaiting(started, pair, async (request) => {
      assert.equal(await give(started, request, nextCode(started)), 'ok');
      assert.equal((await waitingOne(started)).codeGivenBy, 'ada');
      assert.equal(await give(started, request, nextCode(started)), 'conflict', 'no second one is spent');
      await change(started);
      assert.equal((await waitingOne(started)).codeGivenBy, undefined);
    });
  });
}

test('a user who is kept out cannot give a code, and gets the answer of a wrong one', async () => {
  await using started = await start();
  const pair = await started.enroll('web1', { settings: needsCode });
  await started.admin.call(users.disable, { name: 'ada' });
  await withWaiting(started, pair, async (request) => {
    assert.equal(await give(started, request, nextCode(started)), 'wrong-code');
  });
});

test('many wrong codes are throttled for the user, whichever way they come', async () => {
  await using started = await start();
  const pair = await started.enroll('web1', { settings: needsCode });
  await withWaiting(started, pair, async (request) => {
    for (let tries = 0; tries < TRIES; tries++) assert.equal(await give(started, request, '000000'), 'wrong-code');
    const code = nextCode(started);
    assert.equal(await give(started, request, code), 'wrong-code', 'right, but too many were wrong');
    assert.ok(!(await isUnspent(started, code)), 'by the operation of its own as well');
    await started.admin.call(totp.allowTries, { user: 'ada' });
    assert.ok(await isUnspent(started, code), 'and it was not spent');
  });
});

test('a code does not stand in for signatures, nor they or an administrator for it', async () => {
  await using started = await start();
  await started.enroll('web1', { settings: needsCode });
  const approve = { name: 'web1', approve: true };
  assert.equal(codeOf(await started.admin.call(machines.approve, approve)), 'needs-code');
  const bounded = { ...needsCode, approvalDelayMs: HOUR_MS };
  const third = await started.enroll('web3', { settings: bounded });
  const bounding = started.fetch(third);
  assert.equal(await give(started, await waitingOne(started), nextCode(started)), 'ok');
  assert.equal(codeOf(await bounding), 'ok', 'nobody else is waited for whose silence would mean yes');
  const slow = { ...bounded, approvedByDefault: false };
  const pair = await started.enroll('web2', { settings: slow });
  const fetching = started.fetch(pair);
  const request = await waitingOne(started);
  assert.equal(await give(started, request, nextCode(started)), 'ok');
  assert.equal((await waitingOne(started)).codeGivenBy, 'ada', 'a person has to decide as well');
  assert.equal(codeOf(await started.admin.call(machines.approve, { ...approve, name: 'web2' })), 'ok');
  assert.equal(codeOf(await fetching), 'ok');
});

test('an administrator can deny what waits for a code', async () => {
  await using started = await start();
  const pair = await started.enroll('web1', { settings: needsCode });
  const fetching = started.fetch(pair);
  await waiting(started);
  assert.equal(codeOf(await started.admin.call(machines.approve, { name: 'web1', approve: false })), 'ok');
  assert.equal(codeOf(await fetching), 'not-approved');
});

test('a rule of the branch asks for a code, and a code that was used stays used across a restart', async () => {
  await using first = await start();
  const pair = await first.enroll('zurich/web1', { settings: { ...settings, timeoutMs: 100 * HOUR_MS } });
  const rule = { path: 'zurich', oneTimeCode: { users: ['ada'], groups: [] } };
  assert.equal(codeOf(await first.admin.call(machines.setRule, rule)), 'ok');
  const fetching = first.fetch(pair);
  const code = nextCode(first);
  assert.equal(await give(first, await waitingOne(first), code), 'ok');
  assert.equal(codeOf(await fetching), 'ok');
  await using started = await first.restart(0);
  await started.unseal();
  await withWaiting(started, pair, async (request) => {
    assert.equal(await give(started, request, code), 'wrong-code');
  });
});

test('neither gate nor watch can give a code in their own name, and its secret is not for export', async () => {
  await using started = await start();
  await started.enroll('web1', { settings: needsCode });
  const input = { requestId: '0'.repeat(32), user: 'ada', code: '000000' };
  for (const client of [started.gate, started.watch]) {
    assert.equal(codeOf(await client.call(machines.giveCode, input)), 'denied');
  }
  assert.equal(codeOf(await started.admin.call(machines.exportSecret, { name: 'web1' })), 'needs-code');
});

test('where no module knows codes, no machine can be made to need one, and one that needs one gets nothing', async () => {
  await using first = await start();
  const pair = await first.enroll('web1', { settings: needsCode });
  await using bare = await startKeep();
  await bare.unseal();
  await bare.enroll('web1');
  const patch = { name: 'web1', settings: { oneTimeCode: { users: ['ada'], groups: [] } }, clear: [] };
  const set = await bare.admin.call(machines.set, patch);
  assert.deepEqual(set.kind === 'refused' && [set.code, set.field], ['invalid-input', 'settings.oneTimeCode']);
  await using without = await first.restart(0, ['machines']);
  await without.unseal();
  await withWaiting(without, pair, async (request) => {
    assert.equal(await give(without, request, '000000'), 'not-an-approver');
  });
});
