import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import {
  allOperations,
  audit,
  type InputOf,
  machines,
  policy,
  type Result,
  system,
  tokens,
} from '@chatelaine/contract';
import { clientOf, type StartedKeep, startKeep } from '../testing/start-keep.ts';

const DAY_MS = 86_400_000;

const codeOf = (result: Result<unknown>): string => (result.kind === 'ok' ? 'ok' : result.code);

const create = async (
  { admin }: StartedKeep,
  name: string,
  more: Partial<InputOf<typeof tokens.create>> = {},
): Promise<Buffer> => {
  const made = await admin.call(tokens.create, { name, expiresInMs: DAY_MS, groups: [], grants: [], ...more });
  if (made.kind === 'refused') throw new Error(made.code);
  return Buffer.from(made.value.token);
};

/** Asks as a gate does for whoever holds `credential`. */
const askerOf = ({ gate }: StartedKeep) => {
  return async (credential: Uint8Array, name: string, source = '192.0.2.7'): Promise<string> =>
    codeOf(await gate.call(machines.show, { name }, { credential, source }));
};

const reads = (...paths: string[]) => paths.map((path) => ({ capability: 'machines.read', path }));

const openKeep = async (...names: string[]): Promise<StartedKeep> => {
  const started = await startKeep();
  await started.unseal();
  for (const name of names) await started.enroll(name);
  return started;
};

const recordsOf = async ({ admin }: StartedKeep) => {
  const listed = await admin.call(audit.list, { limit: 100 });
  return listed.kind === 'ok' ? listed.value.records : [];
};

test('a token reads what it was granted and nothing else, whether that is there or not', async () => {
  await using started = await openKeep('zurich/web1', 'bern/web1');
  const ask = askerOf(started);
  const token = await create(started, 'ci', { grants: reads('zurich/**') });
  assert.match(token.toString(), /^cht_[A-Za-z0-9_-]{43}$/);
  assert.equal(await ask(token, 'zurich/web1'), 'ok');
  assert.equal(await ask(token, 'zurich/nosuch'), 'not-found');
  assert.equal(await ask(token, 'bern/web1'), 'denied');
  assert.equal(await ask(token, 'bern/nosuch'), 'denied');
  const disabled = await started.gate.call(machines.disable, { name: 'zurich/web1' }, { credential: token });
  assert.equal(codeOf(disabled), 'denied');
});

test('who may what where: tokens, groups and administrators, as a table', async () => {
  await using started = await openKeep('zurich/web1', 'bern/web1');
  const { admin, gate, keep } = started;
  const ci = await create(started, 'ci', { grants: reads('zurich/*') });
  const ops = await create(started, 'ops', { groups: ['ops'] });
  const idle = await create(started, 'idle');
  const granted = await admin.call(policy.apply, {
    grant: [
      { principal: 'group:ops', capability: 'machines.*', path: '**' },
      { principal: 'admin:deputy', capability: 'machines.read', path: 'bern/**' },
      { principal: 'token:idle', capability: 'tokens.manage', path: '**' },
      { principal: 'token:idle', capability: 'system.status', path: '**' },
    ],
    revoke: [],
  });
  assert.deepEqual(granted, { kind: 'ok', value: { granted: 4, revoked: 0 } });
  const deputy = clientOf(keep, 'admin', 'deputy');
  const as = { ci, ops, idle };
  const ask = async (who: string, what: 'show' | 'disable' | 'list' | 'status', path: string): Promise<string> => {
    const credential = as[who as keyof typeof as];
    const client = credential === undefined ? deputy : gate;
    const options = credential === undefined ? {} : { credential };
    if (what === 'list') return codeOf(await client.call(machines.list, { limit: 1 }, options));
    if (what === 'status') return codeOf(await client.call(system.status, {}, options));
    return codeOf(await client.call(machines[what], { name: path }, options));
  };
  const table: [string, 'show' | 'disable' | 'list' | 'status', string, string][] = [
    ['ci', 'show', 'zurich/web1', 'ok'],
    ['ci', 'show', 'zurich/rack1/web1', 'denied'],
    ['ci', 'show', 'bern/web1', 'denied'],
    ['ci', 'list', '', 'denied'],
    ['ci', 'disable', 'zurich/web1', 'denied'],
    ['ci', 'status', '', 'denied'],
    ['ops', 'show', 'bern/web1', 'ok'],
    ['ops', 'list', '', 'ok'],
    ['ops', 'disable', 'zurich/web1', 'ok'],
    ['ops', 'status', '', 'denied'],
    ['idle', 'show', 'zurich/web1', 'denied'],
    ['idle', 'status', '', 'ok'],
    ['deputy', 'show', 'bern/web1', 'ok'],
    ['deputy', 'show', 'zurich/web1', 'denied'],
    ['deputy', 'list', '', 'denied'],
    ['deputy', 'disable', 'bern/web1', 'denied'],
  ];
  for (const [who, what, path, expected] of table) {
    assert.equal(await ask(who, what, path), expected, `${who} ${what} ${path}`);
  }
  const tested = await admin.call(policy.test, { principal: 'token:ops', capability: 'machines.read', path: 'x' });
  assert.deepEqual(tested, { kind: 'ok', value: { allowed: true, because: 'group:ops may machines.* on **' } });
});

test('whatever is granted, a token asks nothing that is not public', async () => {
  await using started = await openKeep();
  const token = await create(started, 'all', { grants: [{ capability: '*', path: '**' }] });
  for (const operation of allOperations.filter(({ http }) => http === undefined)) {
    const request = { operation: operation.name, input: {}, credential: token, signal: new AbortController().signal };
    const peer = { role: 'gate', identity: 'gate' } as const;
    const answer =
      operation.kind === 'stream'
        ? await started.keep.kernel.stream(peer, request)
        : (await started.keep.kernel.call(peer, request)).result;
    const code = 'code' in answer ? answer.code : 'ok';
    // A module that is not loaded answers nobody.
    if (code !== 'unknown-operation') assert.equal(code, 'denied', operation.name);
    else assert.ok(!['machines', 'system', 'tokens', 'policy', 'audit'].includes(operation.name.split('.')[0] ?? ''));
  }
});

test('only a gate passes a credential on', async () => {
  await using started = await openKeep('web1');
  const credential = await create(started, 'ci', { grants: reads('**') });
  for (const role of ['admin', 'watch', 'bus', 'courier'] as const) {
    const answer = await clientOf(started.keep, role).call(machines.show, { name: 'web1' }, { credential });
    assert.equal(codeOf(answer), 'denied', role);
  }
});

test('unknown, expired and revoked tokens get the same answer, after as many look-ups', async () => {
  await using started = await openKeep('web1');
  const ask = askerOf(started);
  const expired = await create(started, 'expired', { grants: reads('**'), expiresInMs: 60_000 });
  const revoked = await create(started, 'revoked', { grants: reads('**') });
  const longer = Buffer.concat([revoked, Buffer.from('A')]);
  const unknown = Buffer.from(`cht_${randomBytes(32).toString('base64url')}`);
  assert.equal(await ask(expired, 'web1'), 'ok');
  assert.equal(await ask(revoked, 'web1'), 'ok');
  started.clock.advance(60_000);
  assert.equal(codeOf(await started.admin.call(tokens.revoke, { name: 'revoked' })), 'ok');
  const vault = started.keep.kernel.open?.vault;
  assert.ok(vault);
  const begin = vault.begin.bind(vault);
  let lookUps = 0;
  vault.begin = () => {
    const tx = begin();
    const get = tx.get.bind(tx);
    tx.get = (collection, path) => {
      lookUps++;
      return get(collection, path);
    };
    return tx;
  };
  for (const token of [unknown, expired, revoked, longer, Buffer.alloc(0), Buffer.from('x')]) {
    lookUps = 0;
    assert.equal(await ask(token, 'web1'), 'unauthenticated');
    assert.equal(lookUps, 2);
  }
});

test('a strange token is counted, not recorded one by one', async () => {
  await using started = await openKeep('web1');
  const ask = askerOf(started);
  for (let i = 0; i < 50; i++) await ask(randomBytes(32), 'web1', '192.0.2.7');
  started.clock.advance(60_000);
  await started.keep.kernel.open?.recorder.flushTally();
  const counted = (await recordsOf(started)).filter(({ code }) => code === 'unauthenticated');
  assert.deepEqual(
    counted.map(({ decision, count, who }) => [decision, count, who]),
    [['counted', 50, 'gate:gate']],
  );
  assert.deepEqual(counted[0]?.facts, [{ name: 'source', value: '192.0.2.0/24', assurance: 'asserted' }]);
});

test('a change stands in the record under the name of the token, with where it came from', async () => {
  await using started = await openKeep('web1');
  const credential = await create(started, 'ops', { grants: [{ capability: 'machines.manage', path: '**' }] });
  const options = { credential, source: '192.0.2.7', requestId: 'request-1' };
  const disabled = await started.gate.call(machines.disable, { name: 'web1' }, options);
  assert.deepEqual(disabled, { kind: 'ok', value: { changed: true } });
  assert.deepEqual(await started.gate.call(machines.disable, { name: 'web1' }, options), disabled, 'made once');
  const [record] = await recordsOf(started);
  assert.equal(record?.who, 'token:ops');
  assert.equal(record?.object, 'machines/web1');
  assert.deepEqual(record?.facts[0], { name: 'source', value: '192.0.2.7', assurance: 'asserted' });
});

test('no record, and no answer but the first, holds a token', async () => {
  await using started = await openKeep();
  const token = await create(started, 'ci', { grants: reads('**') });
  const everything = JSON.stringify([await recordsOf(started), await started.admin.call(tokens.list, { limit: 10 })]);
  assert.ok(everything.includes('token:ci'));
  assert.ok(!everything.includes(token.toString()) && !everything.includes(token.subarray(4, 20).toString()));
});

test('a name is taken while its token is valid; a later token inherits nothing', async () => {
  await using started = await openKeep('web1');
  const ask = askerOf(started);
  const first = await create(started, 'ci', { grants: reads('**') });
  const again = { name: 'ci', expiresInMs: null, groups: [], grants: [] };
  assert.equal(codeOf(await started.admin.call(tokens.create, again)), 'already-exists');
  started.clock.advance(DAY_MS);
  const second = await create(started, 'ci', again);
  assert.equal(await ask(first, 'web1'), 'unauthenticated');
  assert.equal(await ask(second, 'web1'), 'denied');
  started.clock.advance(3_650 * DAY_MS);
  assert.equal(await ask(second, 'web1'), 'denied', 'it does not expire');
  const listed = await started.admin.call(tokens.list, { limit: 10 });
  assert.ok(listed.kind === 'ok');
  assert.deepEqual(
    listed.value.tokens.map(({ name, state }) => [name, state]),
    [['ci', 'valid']],
  );
});

test('a revoked token is good for nothing from the answer on, in a change that is under way too', async () => {
  await using started = await openKeep('web1');
  const credential = await create(started, 'ops', { grants: [{ capability: 'machines.manage', path: '**' }] });
  const vault = started.keep.kernel.open?.vault;
  assert.ok(vault);
  const begin = vault.begin.bind(vault);
  let isFirst = true;
  // The token is revoked after the change was let in, before it is committed.
  vault.begin = () => {
    const tx = begin();
    const commit = tx.commit.bind(tx);
    tx.commit = async () => {
      if (isFirst) {
        isFirst = false;
        assert.equal(codeOf(await started.admin.call(tokens.revoke, { name: 'ops' })), 'ok');
      }
      return await commit();
    };
    return tx;
  };
  const answer = await started.gate.call(machines.disable, { name: 'web1' }, { credential });
  assert.equal(codeOf(answer), 'unauthenticated');
  const shown = await started.admin.call(machines.show, { name: 'web1' });
  assert.equal(shown.kind === 'ok' && shown.value.enabled, true);
});

test('a grant ends when it says, and while the clock is behind neither it nor a token counts', async () => {
  await using started = await openKeep('web1');
  const ask = askerOf(started);
  const token = await create(started, 'ci');
  const expiresAtUnixMs = started.clock.nowUnixMs() + 1_000;
  const grant = { principal: 'token:ci', capability: 'machines.read', path: '**', expiresAtUnixMs };
  assert.deepEqual(await started.admin.call(policy.grant, grant), { kind: 'ok', value: { changed: true } });
  assert.deepEqual(await started.admin.call(policy.grant, grant), { kind: 'ok', value: { changed: false } });
  assert.equal(await ask(token, 'web1'), 'ok');
  started.clock.advance(1_000);
  assert.equal(await ask(token, 'web1'), 'denied');
  assert.equal(codeOf(await started.admin.call(policy.grant, grant)), 'invalid-input');
  await using again = await started.restart(-DAY_MS);
  await again.unseal();
  assert.equal(await askerOf(again)(token, 'web1'), 'clock-behind');
});

test('grants survive a restart; revoked ones do not, and the founding one cannot be', async () => {
  await using started = await openKeep('web1');
  const token = await create(started, 'ci', { grants: reads('web1', 'web2', 'web1') });
  const list = async ({ admin }: StartedKeep, principal?: string) => {
    const listed = await admin.call(policy.list, { limit: 100, ...(principal !== undefined && { principal }) });
    return listed.kind === 'ok' ? listed.value.grants.map(({ path, isFixed }) => [path, isFixed]) : listed.code;
  };
  const key = { principal: 'token:ci', capability: 'machines.read', path: 'web2' };
  assert.equal(codeOf(await started.admin.call(policy.revoke, key)), 'ok');
  assert.equal(codeOf(await started.admin.call(policy.revoke, key)), 'not-found');
  const founding = { principal: 'admin:admin', capability: '*', path: '**' };
  assert.equal(codeOf(await started.admin.call(policy.revoke, founding)), 'not-found');
  await using again = await started.restart(1_000);
  await again.unseal();
  assert.deepEqual(await list(again), [
    ['**', true],
    ['web1', false],
  ]);
  assert.deepEqual(await list(again, 'token:ci'), [['web1', false]]);
  assert.equal(await askerOf(again)(token, 'web1'), 'ok');
  assert.equal(codeOf(await again.admin.call(policy.list, { limit: 1 })), 'ok');
});

test('several changes are made all or none, and what is wrong is named', async () => {
  await using started = await openKeep();
  const good = { principal: 'token:ci', capability: 'machines.read', path: '**' };
  const table: [Partial<InputOf<typeof policy.apply>>, string][] = [
    [{ grant: [good, { ...good, capability: 'machines.raed' }] }, 'grant.1.capability'],
    [{ grant: [good, { ...good, principal: 'gate:gate' }] }, 'grant.1.principal'],
    [{ grant: [good, { ...good, path: 'a//b' }] }, 'grant.1.path'],
    [{ grant: [good, { ...good, path: 'a**' }] }, 'grant.1.path'],
    [{ grant: [good, { ...good, expiresAtUnixMs: 1 }] }, 'grant.1.expiresAtUnixMs'],
    [{ grant: [good], revoke: [{ ...good, path: 'x' }] }, 'revoke.0'],
  ];
  for (const [input, field] of table) {
    const answer = await started.admin.call(policy.apply, { grant: [], revoke: [], ...input });
    assert.equal(answer.kind === 'refused' && answer.field, field);
  }
  const many = Array.from({ length: policy.MAX_GRANTS + 1 }, (_, n) => ({ ...good, path: `web${n}` }));
  assert.equal(codeOf(await started.admin.call(policy.apply, { grant: many, revoke: [] })), 'too-large');
  const listed = await started.admin.call(policy.list, { limit: 10, principal: 'token:ci' });
  assert.deepEqual(listed, { kind: 'ok', value: { grants: [] } });
});

test('a sealed keep knows no tokens', async () => {
  await using started = await startKeep();
  const answer = await started.gate.call(system.status, {}, { credential: Buffer.from('cht_x') });
  assert.equal(codeOf(answer), 'sealed');
});

test('policy test says why a token is nobody', async () => {
  await using started = await openKeep();
  await create(started, 'old', { expiresInMs: 1_000, grants: reads('**') });
  const test = async (principal: string, capability: string) => {
    const answer = await started.admin.call(policy.test, { principal, capability, path: 'web1' });
    return answer.kind === 'ok' ? answer.value.because : answer.code;
  };
  assert.equal(await test('token:old', 'machines.read'), 'token:old may machines.read on **');
  assert.match(await test('token:old', 'tokens.manage'), /can be asked by token:old/);
  assert.match(await test('token:old', 'machines.manage'), /no grant/);
  started.clock.advance(1_000);
  assert.equal(await test('token:old', 'machines.read'), 'the token old is expired');
  assert.equal(await test('token:nosuch', 'machines.read'), 'there is no token nosuch');
});
