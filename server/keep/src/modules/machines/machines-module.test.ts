import assert from 'node:assert/strict';
import { test } from 'node:test';
import { machines } from '@chatelaine/contract';
import { makeKeyPair } from '@chatelaine/rawtls/testing';
import { nonceOf, proveKey, settings, startKeep } from '../../testing/start-keep.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

test('a machine gets its own secret, whatever else is enrolled', async () => {
  await using started = await startKeep();
  await started.unseal();
  const web1 = await started.enroll('zurich/web1');
  const web2 = await started.enroll('zurich/web2');
  for (const [pair, name] of [
    [web1, 'zurich/web1'],
    [web2, 'zurich/web2'],
    [web1, 'zurich/web1'],
  ] as const) {
    const fetched = await started.fetch(pair);
    assert.equal(fetched.kind === 'ok' && text(fetched.value.secret), `blob of ${name}`);
  }
});

test('a key nobody enrolled gets nothing', async () => {
  await using started = await startKeep();
  await started.unseal();
  await started.enroll('web1');
  assert.deepEqual(await started.fetch(makeKeyPair()), { kind: 'refused', code: 'not-found' });
});

test('a machine that is cut off gets nothing until a person enables it', async () => {
  await using started = await startKeep();
  await started.unseal();
  const pair = await started.enroll('web1');
  assert.deepEqual(await started.admin.call(machines.disable, { name: 'web1' }), {
    kind: 'ok',
    value: { changed: true },
  });
  assert.deepEqual(await started.fetch(pair), { kind: 'refused', code: 'disabled' });
  assert.deepEqual(await started.admin.call(machines.enable, { name: 'web1' }), {
    kind: 'ok',
    value: { changed: true },
  });
  assert.equal((await started.fetch(pair)).kind, 'ok');
});

test('a removed machine is unknown, and its key can be enrolled again', async () => {
  await using started = await startKeep();
  await started.unseal();
  const pair = await started.enroll('web1');
  assert.equal((await started.admin.call(machines.remove, { name: 'web1' })).kind, 'ok');
  assert.deepEqual(await started.fetch(pair), { kind: 'refused', code: 'not-found' });
  await started.enroll('web1-again', { keyId: pair.keyId });
  const fetched = await started.fetch(pair);
  assert.equal(fetched.kind === 'ok' && text(fetched.value.secret), 'blob of web1-again');
});

test('a machine with an approval delay waits, then gets what its settings say', async () => {
  await using started = await startKeep();
  await started.unseal();
  for (const [name, approvedByDefault, expected] of [
    ['yes', true, 'ok'],
    ['no', false, 'refused'],
  ] as const) {
    const pair = await started.enroll(name, { settings: { ...settings, approvalDelayMs: 30, approvedByDefault } });
    const fetching = started.fetch(pair);
    const moving = setInterval(() => started.clock.advance(10), 5);
    assert.equal((await fetching).kind, expected, name);
    clearInterval(moving);
  }
});

test('a machine that is cut off or removed while it waits gets nothing', async () => {
  await using started = await startKeep();
  await started.unseal();
  for (const cut of [machines.disable, machines.remove]) {
    const pair = await started.enroll(cut.name.replace('.', '-'), {
      settings: { ...settings, approvalDelayMs: 3_600_000, approvedByDefault: true },
    });
    const fetching = started.fetch(pair);
    const name = cut.name.replace('.', '-');
    for (;;) {
      const why = await started.admin.call(machines.why, { name });
      if (why.kind === 'ok' && why.value.last?.decision === 'waiting') break;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.equal((await started.admin.call(cut, { name })).kind, 'ok');
    assert.equal((await fetching).kind, 'refused', cut.name);
  }
});

test('a peer that goes away while it waits ends the wait', async () => {
  await using started = await startKeep();
  await started.unseal();
  const pair = await started.enroll('web1', { settings: { ...settings, approvalDelayMs: 3_600_000 } });
  const gone = new AbortController();
  const fetching = started.fetch(pair, gone.signal);
  setTimeout(() => gone.abort(), 50);
  assert.deepEqual(await fetching, { kind: 'refused', code: 'cancelled' });
});

test('a name or key that is taken is refused and changes nothing; replace takes it over', async () => {
  await using started = await startKeep();
  await started.unseal();
  const web1 = await started.enroll('web1');
  const web2 = await started.enroll('web2');
  const again = { name: 'web1', keyId: web2.keyId, secret: Buffer.from('new'), enabled: true, settings };
  const refused = await started.admin.call(machines.enroll, { machines: [again], replace: false });
  assert.deepEqual(refused.kind === 'refused' && [refused.code, refused.field], ['already-exists', 'machines.0.name']);
  assert.equal((await started.fetch(web1)).kind, 'ok');
  const replaced = await started.admin.call(machines.enroll, { machines: [again], replace: true });
  assert.deepEqual(replaced.kind === 'ok' && new Set(replaced.value.replaced), new Set(['web1', 'web2']));
  assert.equal((await started.fetch(web1)).kind, 'refused', 'the old key of web1 leads nowhere');
  const fetched = await started.fetch(web2);
  assert.equal(fetched.kind === 'ok' && text(fetched.value.secret), 'new');
  const list = await started.admin.call(machines.list, { limit: 10 });
  assert.deepEqual(list.kind === 'ok' && list.value.machines.map(({ name }) => name), ['web1']);
});

test('why names who asked, from where, and each fact as proved or asserted', async () => {
  await using started = await startKeep();
  await started.unseal();
  const pair = await started.enroll('web1');
  assert.deepEqual(await started.admin.call(machines.why, { name: 'web1' }), { kind: 'ok', value: {} });
  await started.admin.call(machines.disable, { name: 'web1' });
  await started.fetch(pair);
  const why = await started.admin.call(machines.why, { name: 'web1' });
  assert.ok(why.kind === 'ok' && why.value.last !== undefined);
  const { who, decision, code, condition, facts } = why.value.last;
  assert.deepEqual(
    { who, decision, code, condition },
    {
      who: 'gate:gate',
      decision: 'refused',
      code: 'disabled',
      condition: 'enabled',
    },
  );
  assert.deepEqual(
    facts.map(({ name, assurance }) => [name, assurance]),
    [
      ['key-id', 'proved'],
      ['nonce-age-ms', 'proved'],
      ['address', 'asserted'],
      ['port', 'asserted'],
      ['enabled', 'proved'],
      ['liveness-rules', 'proved'],
      ['expires-at', 'proved'],
      ['last-checker-status', 'asserted'],
      ['approval-needed', 'proved'],
    ],
  );
  assert.equal(facts[0]?.value, pair.keyId);
});

test('a machine is never shown with its secret', async () => {
  await using started = await startKeep();
  await started.unseal();
  await started.enroll('web1', { secret: Buffer.from('the-blob-itself') });
  const shown = [
    await started.admin.call(machines.show, { name: 'web1' }),
    await started.admin.call(machines.list, { limit: 10 }),
  ];
  assert.ok(!JSON.stringify(shown).includes('the-blob-itself'));
  assert.ok(!JSON.stringify(shown).includes('"secret"'));
});

test('a handshake that is too old, used, or made for another keep proves nothing', async () => {
  await using started = await startKeep();
  await started.unseal();
  const pair = await started.enroll('web1');
  const ask = async (proof: Awaited<ReturnType<typeof proveKey>>) =>
    started.gate.call(machines.fetch, { proof: { ...proof, messages: [...proof.messages] }, source: started.source });
  const old = await proveKey(pair, await nonceOf(started.gate));
  started.clock.advance(30_001);
  assert.deepEqual(await ask(old), { kind: 'refused', code: 'stale' });
  const once = await proveKey(pair, await nonceOf(started.gate));
  assert.equal((await ask(once)).kind, 'ok');
  assert.deepEqual(await ask(once), { kind: 'refused', code: 'replayed' });
  assert.deepEqual(await ask(await proveKey(pair, Buffer.alloc(32, 1))), { kind: 'refused', code: 'stale' });
  const honest = await proveKey(pair, await nonceOf(started.gate));
  assert.deepEqual(await ask({ ...honest, gateRandom: Buffer.alloc(32) }), { kind: 'refused', code: 'bad-proof' });
});
