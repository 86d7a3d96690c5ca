import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { test } from 'node:test';
import { audit, type InputOf, machines, passwords, policy, type Result } from '@chatelaine/contract';
import { signStatement } from '@chatelaine/rawtls/signed-statement';
import { type KeyType, keyTypes, makeKeyPair } from '@chatelaine/rawtls/testing';
import { clientOf, nonceOf, type StartedKeep, settings, startKeep } from '../../testing/start-keep.ts';

type Login = InputOf<typeof machines.login>;

const MINUTE_MS = 60_000;
const source = '192.0.2.7';

const must = <T>(result: Result<T>): T => {
  if (result.kind === 'refused') throw new Error(`${result.code} ${result.field ?? ''} ${result.message ?? ''}`);
  return result.value;
};
const codeOf = (result: Result<unknown>): string => (result.kind === 'ok' ? 'ok' : result.code);

/** Enrols a machine with a key of this type; gives the private key. */
const enroll = async (
  { admin }: StartedKeep,
  name: string,
  { type = 'ed25519', more = {} }: { readonly type?: KeyType; readonly more?: Partial<machines.MachineSettings> } = {},
): Promise<KeyObject> => {
  const { keyId, privateKey } = makeKeyPair(type);
  const machine = { name, keyId, secret: Buffer.from('blob'), enabled: true, settings: { ...settings, ...more } };
  must(await admin.call(machines.enroll, { machines: [machine], replace: false }));
  return createPrivateKey(privateKey);
};

/** What an honest machine sends; each part may be another. */
const loginOf = async (
  { gate }: StartedKeep,
  name: string,
  key: KeyObject,
  change: Partial<Login> & { readonly storeId?: string; readonly signedName?: string } = {},
): Promise<Login> => {
  const { storeId: other, signedName, ...rest } = change;
  const { storeId, nonce } = must(await gate.call(machines.challenge, {}));
  const login = { name, lifeMs: 10 * MINUTE_MS, nonce, clientNonce: randomBytes(16) };
  const statement = machines.machineLoginStatement(other ?? storeId, { ...login, name: signedName ?? name });
  return { ...login, ...(signStatement(key, statement) ?? assert.fail('no such key')), ...rest };
};

const tokenFor = async (started: StartedKeep, name: string, key: KeyObject): Promise<Uint8Array> =>
  must(await started.gate.call(machines.login, await loginOf(started, name, key))).token;

/** What the token may see of a machine; `not-found` is an answer to somebody who was let in. */
const ask = async ({ gate }: StartedKeep, credential: Uint8Array, name = 'db1'): Promise<string> =>
  codeOf(await gate.call(machines.show, { name }, { credential, source }));

const start = async (): Promise<StartedKeep> => {
  const started = await startKeep();
  await started.unseal();
  return started;
};

const grant = ({ admin }: StartedKeep, principal: string, capability: string, path: string) =>
  admin.call(policy.grant, { principal, capability, path });

test('a machine that proves its key, of whichever type, is itself to the API until its token ends', async () => {
  await using started = await start();
  for (const type of keyTypes) {
    const name = `zurich/${type}`;
    const key = await enroll(started, name, { type });
    must(await grant(started, `machine:${name}`, 'machines.read', name));
    const token = await tokenFor(started, name, key);
    assert.equal(await ask(started, token, name), 'ok', type);
    assert.equal(await ask(started, token, 'zurich/other'), 'denied', type);
  }
});

test('a token of a machine ends by itself, in time', async () => {
  await using started = await start();
  const key = await enroll(started, 'db1', { more: { timeoutMs: 60 * MINUTE_MS } });
  must(await grant(started, 'machine:db1', 'machines.read', '**'));
  const token = await tokenFor(started, 'db1', key);
  started.clock.advance(10 * MINUTE_MS - 1);
  assert.equal(await ask(started, token), 'ok');
  started.clock.advance(1);
  assert.equal(await ask(started, token), 'unauthenticated');
});

test('a login is refused that is not exactly what this machine signed for this server, now', async () => {
  await using started = await start();
  const key = await enroll(started, 'db1');
  await enroll(started, 'db2');
  const stranger = createPrivateKey(makeKeyPair().privateKey);
  const heartbeat = await nonceOf(started.gate);
  const rows: readonly (readonly [why: string, login: Login, code: string])[] = [
    ['the key of a stranger', await loginOf(started, 'db1', stranger), 'bad-proof'],
    ['signed for another server', await loginOf(started, 'db1', key, { storeId: 'another' }), 'bad-proof'],
    ['signed as another machine', await loginOf(started, 'db1', key, { signedName: 'db2' }), 'bad-proof'],
    ['for another machine', await loginOf(started, 'db2', key), 'bad-proof'],
    ['for nobody', await loginOf(started, 'nobody', key), 'bad-proof'],
    ['a longer life than was signed', await loginOf(started, 'db1', key, { lifeMs: 20 * MINUTE_MS }), 'bad-proof'],
    ['another nonce of its own', await loginOf(started, 'db1', key, { clientNonce: randomBytes(16) }), 'bad-proof'],
    ['a nonce nobody gave out', await loginOf(started, 'db1', key, { nonce: randomBytes(32) }), 'stale'],
    ['a signature of nothing', await loginOf(started, 'db1', key, { signature: randomBytes(64) }), 'bad-proof'],
    ['no key at all', await loginOf(started, 'db1', key, { publicKey: randomBytes(44) }), 'bad-proof'],
    [
      'the signature of a heartbeat',
      await loginOf(started, 'db1', key, { signature: sign(null, machines.heartbeatStatement('db1', heartbeat), key) }),
      'bad-proof',
    ],
  ];
  for (const [why, login, code] of rows)
    assert.equal(codeOf(await started.gate.call(machines.login, login)), code, why);
});

test('a login counts once, and not when it was kept back', async () => {
  await using started = await start();
  const key = await enroll(started, 'db1');
  const login = await loginOf(started, 'db1', key);
  const late = await loginOf(started, 'db1', key);
  assert.equal(codeOf(await started.gate.call(machines.login, login)), 'ok');
  assert.equal(codeOf(await started.gate.call(machines.login, login)), 'replayed');
  assert.equal(codeOf(await started.gate.call(machines.login, login, { requestId: 'another-request' })), 'replayed');
  started.clock.advance(31_000);
  assert.equal(codeOf(await started.gate.call(machines.login, late)), 'stale');
});

test('a machine that is disabled, silent or removed gets no token, and those it has are over at once and for good', async () => {
  const ends: readonly (readonly [how: string, end: (started: StartedKeep) => unknown, code: string])[] = [
    ['disabled', ({ admin }) => admin.call(machines.disable, { name: 'db1' }), 'disabled'],
    ['expired', ({ clock }) => clock.advance(settings.timeoutMs), 'expired'],
    ['removed', ({ admin }) => admin.call(machines.remove, { name: 'db1' }), 'bad-proof'],
  ];
  for (const [how, end, code] of ends) {
    await using started = await start();
    const key = await enroll(started, 'db1');
    must(await grant(started, 'machine:db1', 'machines.read', '**'));
    const stolen = await tokenFor(started, 'db1', key);
    assert.equal(await ask(started, stolen), 'ok', 'the control');
    await end(started);
    assert.equal(await ask(started, stolen), 'unauthenticated', how);
    assert.equal(codeOf(await started.gate.call(machines.login, await loginOf(started, 'db1', key))), code, how);
    if (how === 'removed') continue;
    must(await started.admin.call(machines.enable, { name: 'db1' }));
    assert.equal(await ask(started, stolen), 'unauthenticated', `${how}, and enabled again`);
    assert.equal(await ask(started, await tokenFor(started, 'db1', key)), 'ok');
  }
});

test('where there is a heartbeat key, the TLS key of the boot image is no proof', async () => {
  await using started = await start();
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const heartbeatKey = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
  const tlsKey = await enroll(started, 'db1');
  must(await grant(started, 'machine:db1', 'machines.read', '**'));
  const before = await tokenFor(started, 'db1', tlsKey);
  must(await started.admin.call(machines.set, { name: 'db1', settings: { heartbeatKey }, clear: [] }));
  assert.equal(await ask(started, before), 'unauthenticated', 'of the key that does not count any more');
  const login = await loginOf(started, 'db1', tlsKey);
  assert.equal(codeOf(await started.gate.call(machines.login, login)), 'bad-proof');
  assert.equal(await ask(started, await tokenFor(started, 'db1', privateKey)), 'ok');
  const bus = clientOf(started.keep, 'bus');
  const ownKey = { name: 'db1', settings: { heartbeatKey: randomBytes(32).toString('base64') }, clear: [] };
  assert.equal(codeOf(await bus.call(machines.set, ownKey)), 'denied', 'the bridge cannot give a machine a key');
  assert.equal(codeOf(await bus.call(machines.set, { name: 'db1', settings: {}, clear: ['heartbeatKey'] })), 'denied');
});

test('a token outlives a restart, stands in no audit record, and of many only the latest are good', async () => {
  await using first = await start();
  const key = await enroll(first, 'db1');
  must(await grant(first, 'machine:db1', 'machines.read', '**'));
  const token = await tokenFor(first, 'db1', key);
  await using started = await first.restart(MINUTE_MS);
  await started.unseal();
  assert.equal(await ask(started, token), 'ok');
  const latest: Uint8Array[] = [];
  for (let count = 0; count < 16; count++) latest.push(await tokenFor(started, 'db1', key));
  assert.equal(await ask(started, token), 'unauthenticated', 'sixteen later ones are in its place');
  for (const each of latest) assert.equal(await ask(started, each), 'ok');
  const { records } = must(await started.admin.call(audit.list, { limit: 100 }));
  const login = records.find(({ operation }) => operation === 'machines.login');
  assert.equal(login?.decision, 'released');
  assert.equal(login?.object, 'machines/db1');
  assert.ok(!JSON.stringify(records).includes('chm_'));
});

test('which machine, by its name or its type, gets which key in which format, as a table', async () => {
  await using started = await start();
  const { admin, gate } = started;
  for (const key of ['postgres_web', 'postgres', 'x/postgres_web', 'backup/db', 'web/cookie']) {
    must(await admin.call(passwords.create, { key, format: 'pgsql', options: {} }));
  }
  must(
    await admin.call(policy.apply, {
      grant: [
        { principal: 'type:dbserver', capability: 'passwords.get.pgsql', path: 'postgres_*' },
        { principal: 'type:webserver', capability: 'passwords.get.hashes', path: 'web/*' },
        { principal: 'machine:zurich/db1', capability: 'passwords.get.plain', path: 'backup/db' },
        // A group of the same name is not a type, and a type no name.
        { principal: 'group:dbserver', capability: 'passwords.*', path: '**' },
        { principal: 'type:db2', capability: 'passwords.*', path: '**' },
      ],
      revoke: [],
    }),
  );
  const keys = new Map([
    ['zurich/db1', await enroll(started, 'zurich/db1')],
    ['zurich/db2', await enroll(started, 'zurich/db2', { more: { type: 'backup' } })],
    ['web1', await enroll(started, 'web1')],
    ['db2', await enroll(started, 'db2')],
  ]);
  must(await admin.call(machines.setRule, { path: 'zurich', type: 'dbserver' }));
  must(await admin.call(machines.setType, { name: 'web1', type: 'webserver' }));
  const table: readonly (readonly [who: string, key: string, format: string, yes: boolean])[] = [
    ['zurich/db1', 'postgres_web', 'pgsql', true],
    ['zurich/db1', 'postgres_web', 'plain', false],
    ['zurich/db1', 'postgres', 'pgsql', false],
    ['zurich/db1', 'x/postgres_web', 'pgsql', false],
    ['zurich/db1', 'backup/db', 'plain', true],
    ['zurich/db1', 'backup/db', 'pgsql', false],
    ['zurich/db1', 'web/cookie', 'pgsql', false],
    ['zurich/db2', 'postgres_web', 'pgsql', false],
    ['zurich/db2', 'backup/db', 'plain', false],
    ['web1', 'web/cookie', 'pgsql', true],
    ['web1', 'web/cookie', 'plain', false],
    ['web1', 'postgres_web', 'pgsql', false],
    ['db2', 'postgres_web', 'pgsql', false],
    ['db2', 'backup/db', 'plain', false],
  ];
  const tokens = new Map<string, Uint8Array>();
  for (const [name, key] of keys) tokens.set(name, await tokenFor(started, name, key));
  for (const [who, key, format, yes] of table) {
    const credential = tokens.get(who) ?? assert.fail();
    const answer = await gate.call(passwords.get, { key, format }, { credential, source });
    assert.equal(codeOf(answer), yes ? 'ok' : 'denied', `${who} ${key} ${format}`);
    const question = { principal: `machine:${who}`, capability: `passwords.get.${format}`, path: key };
    assert.equal(must(await admin.call(policy.test, question)).allowed, yes, `policy test: ${who} ${key} ${format}`);
  }
  // Another type counts from the next request on.
  must(await admin.call(machines.setType, { name: 'zurich/db2', type: null }));
  const credential = tokens.get('zurich/db2') ?? assert.fail();
  const now = await gate.call(passwords.get, { key: 'postgres_web', format: 'pgsql' }, { credential, source });
  assert.equal(codeOf(now), 'ok');
  assert.equal(
    codeOf(await clientOf(started.keep, 'bus').call(machines.setType, { name: 'db2', type: 'dbserver' })),
    'denied',
  );
  const question = { principal: 'machine:nobody', capability: 'passwords.get.pgsql', path: 'postgres_web' };
  assert.deepEqual(must(await admin.call(policy.test, question)), {
    allowed: false,
    because: 'no machine nobody is let in',
  });
});
