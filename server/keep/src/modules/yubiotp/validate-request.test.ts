import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { audit, refuse, users, yubiotp } from '@chatelaine/contract';
import fc from 'fast-check';
import { codeOf, restored, startWithUsers } from '../../otp/testing/start-with-users.ts';
import type { StartedKeep } from '../../testing/start-keep.ts';
import { typeCode } from './testing/type-code.ts';
import { readValidationRequest } from './validation-request.ts';
import { isSignatureOf, signPairs } from './validation-signature.ts';

const publicId = 'vvcccccccccb';
const secrets = { privateId: Buffer.from('8792ebfe26cc', 'hex'), key: Buffer.alloc(16, 5) };
const nonce = 'kakakakakakakakakakakaka';

const typed = (counter: number, use = 0, timestamp = 0): string =>
  typeCode(publicId, secrets, { counter, use, timestamp });

type Parameters = Readonly<Record<string, string>>;
interface Answer {
  readonly status: string;
  readonly names: readonly string[];
  readonly field: (name: string) => string | undefined;
  /** Whether it is signed with this key. */
  readonly isSignedWith: (secret: Uint8Array) => boolean;
}

const pairsOf = (parameters: Parameters): yubiotp.ValidationPair[] =>
  Object.entries(parameters).map(([name, value]) => ({ name, value }));

/** The signature, made here in other words than in the code that is tested. */
const hmac = (parameters: Parameters, secret: Uint8Array): string => {
  const lines = Object.keys(parameters).sort();
  const text = lines.map((name) => `${name}=${parameters[name]}`).join('&');
  return createHmac('sha1', secret).update(text, 'latin1').digest('base64');
};

const ask = async (started: StartedKeep, parameters: Parameters, version: '1' | '2' = '2'): Promise<Answer> => {
  const asked = await started.gate.call(yubiotp.validate, { version, parameters: pairsOf(parameters) });
  assert.ok(asked.kind === 'ok', codeOf(asked));
  const { fields, signature } = asked.value;
  const said = Object.fromEntries(fields.map(({ name, value }) => [name, value]));
  return {
    status: said['status'] ?? '',
    names: fields.map(({ name }) => name),
    field: (name) => said[name],
    isSignedWith: (secret) => hmac(said, secret) === signature,
  };
};

interface Started extends AsyncDisposable {
  readonly started: StartedKeep;
  readonly secret: Uint8Array;
  readonly ask: (parameters: Parameters, version?: '1' | '2') => Promise<Answer>;
  /** The status of a request of client 1 with these changes. */
  readonly status: (change: Readonly<Record<string, string | undefined>>, version?: '1' | '2') => Promise<string>;
}

const withClient = (started: StartedKeep, secret: Uint8Array): Started => ({
  started,
  secret,
  ask: (parameters, version) => ask(started, parameters, version),
  status: async (change, version) => {
    const merged = { id: '1', nonce, ...change };
    const given = Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return (await ask(started, Object.fromEntries(given), version)).status;
  },
  [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
});

/** A keep with Ada's key, whose first code is spent, and one client. */
const start = async (): Promise<Started> => {
  const started = await startWithUsers();
  const { admin } = started;
  const secret = { kind: 'given', ...secrets } as const;
  assert.equal(codeOf(await admin.call(yubiotp.enroll, { user: 'ada', publicId, secret })), 'ok');
  assert.equal(codeOf(await admin.call(yubiotp.confirm, { user: 'ada', publicId, otp: typed(1) })), 'ok');
  const added = await admin.call(yubiotp.addClient, { email: 'ops@example.org', notes: 'VPN' });
  assert.ok(added.kind === 'ok' && added.value.id === 1);
  return withClient(started, added.value.secret);
};

test('an accepted code is answered in the order of fields of the protocol, signed by the keep', async () => {
  await using keep = await start();
  const answer = await keep.ask({ id: '1', nonce, otp: typed(3, 7, 0x123456), timestamp: '1', sl: '50', timeout: '8' });
  assert.deepEqual(answer.names, [
    ...['t', 'otp', 'nonce', 'sl', 'timestamp', 'sessioncounter', 'sessionuse', 'status'],
  ]);
  assert.match(answer.field('t') ?? '', /^2027-01-15T08:00:00Z0000$/);
  assert.equal(answer.field('otp'), typed(3, 7, 0x123456));
  assert.equal(answer.field('nonce'), nonce);
  assert.equal(answer.field('sl'), '0', 'there is no other server that agrees');
  assert.equal(answer.field('timestamp'), String(0x123456));
  assert.equal(answer.field('sessioncounter'), '3');
  assert.equal(answer.field('sessionuse'), '7');
  assert.equal(answer.status, 'OK');
  assert.ok(answer.isSignedWith(keep.secret));
});

test('protocols 1.0 and 1.1 know no nonce, and are told neither code nor nonce nor sync level', async () => {
  await using keep = await start();
  const first = await keep.ask({ id: '1', otp: typed(2) }, '1');
  assert.deepEqual(first.names, ['t', 'status']);
  assert.equal(first.status, 'OK');
  const second = await keep.ask({ id: '1', otp: typed(3), timestamp: '1', nonce }, '1');
  assert.deepEqual(second.names, ['t', 'timestamp', 'sessioncounter', 'sessionuse', 'status']);
  assert.equal(await keep.status({ otp: typed(3) }, '1'), 'REPLAYED_OTP', 'its nonce is the server’s own');
});

test('a code that was used is told from a request that was', async () => {
  await using keep = await start();
  const otp = typed(2, 5);
  const first = await keep.ask({ id: '1', nonce, otp });
  assert.equal(first.status, 'OK');
  const same = await keep.ask({ id: '1', nonce, otp });
  assert.deepEqual([same.status, same.field('otp'), same.field('nonce')], ['REPLAYED_REQUEST', otp, nonce]);
  assert.ok(same.isSignedWith(keep.secret));
  const other = await keep.ask({ id: '1', nonce: 'K'.repeat(26), otp });
  assert.deepEqual([other.status, other.names], ['REPLAYED_OTP', ['t', 'otp', 'nonce', 'status']]);
  assert.equal(await keep.status({ otp: typed(2, 4) }), 'REPLAYED_OTP', 'made before it');
  assert.equal(await keep.status({ otp: typed(1, 200) }), 'REPLAYED_OTP');
  assert.equal(await keep.status({ otp: typed(2, 6), nonce: '0000000000000000' }), 'OK');
  assert.equal(await keep.status({ otp: typed(2, 6), nonce: '000000000000000000' }), 'REPLAYED_OTP', 'no number');
  assert.equal(await keep.status({ otp: typed(2, 7) }), 'OK', 'a nonce may come again with another code');
});

test('whatever is wrong is told in the order of the reference: the first of two faults', async () => {
  await using keep = await start();
  const good = typed(2);
  const table: readonly (readonly [string, Readonly<Record<string, string | undefined>>])[] = [
    ['MISSING_PARAMETER', { nonce: undefined, otp: 'x' }],
    ['MISSING_PARAMETER', { sl: '0', otp: 'x' }],
    ['MISSING_PARAMETER', { timeout: '-1', otp: 'x' }],
    ['BAD_OTP', { otp: undefined, id: undefined }],
    ['BAD_OTP', { otp: 'x', nonce: 'short' }],
    ['MISSING_PARAMETER', { otp: good, id: '0', h: 'wrong' }],
    ['MISSING_PARAMETER', { otp: good, nonce: 'short', id: '2' }],
    ['NO_SUCH_CLIENT', { otp: good, id: '2', h: 'wrong' }],
    ['BAD_SIGNATURE', { otp: typed(1), h: 'wrong' }],
    ['BAD_OTP', { otp: typeCode('vvccccccccdd', secrets, { counter: 2, use: 0 }) }],
    ['BAD_OTP', { otp: typeCode(publicId, { ...secrets, privateId: Buffer.alloc(6) }, { counter: 2, use: 0 }) }],
    ['BAD_OTP', { otp: typeCode(publicId, { ...secrets, key: Buffer.alloc(16, 6) }, { counter: 2, use: 0 }) }],
    ['BAD_OTP', { otp: typeCode('', secrets, { counter: 2, use: 0 }) }],
    ['REPLAYED_OTP', { otp: typed(1) }],
  ];
  for (const [status, change] of table) assert.equal(await keep.status(change), status, JSON.stringify(change));
  assert.equal(await keep.status({ otp: good }), 'OK', 'nothing of all that spent it');
});

test('each parameter is read as the reference reads it', async () => {
  await using keep = await start();
  const refused: readonly (readonly [string, string, string])[] = [
    ...(['', '0', '00', '12345678901', '-1', '1.0', '1e0', '0x1', 'one'] as const).map(
      (id) => ['MISSING_PARAMETER', 'id', id] as const,
    ),
    ...['', 'k'.repeat(15), 'k'.repeat(41), `${nonce}-`, `${nonce}\u00e9`, `${nonce} ${nonce}`].map(
      (text) => ['MISSING_PARAMETER', 'nonce', text] as const,
    ),
    ...['0', '0.9', '-5', 'x', 'fastest', '1e', '0x20', '101'].map((sl) => ['MISSING_PARAMETER', 'sl', sl] as const),
    ...['x', '-1', '1.5', '+1', '1e3'].map((timeout) => ['MISSING_PARAMETER', 'timeout', timeout] as const),
    ...['', 'c'.repeat(31), 'c'.repeat(49), `a${typed(2).slice(1)}`, `${typed(2)}\u00e7`].map(
      (otp) => ['BAD_OTP', 'otp', otp] as const,
    ),
  ];
  for (const [status, name, value] of refused) {
    assert.equal(await keep.status({ otp: typed(2), [name]: value }), status, `${name}=${value}`);
  }
  let counter = 2;
  for (const change of [
    { id: '0000000001' },
    { id: ' 1\t' },
    { nonce: ` ${nonce}\0` },
    { nonce: 'kakaka\\kakakakaka\\kakakakaka' },
    { sl: 'fast' },
    { sl: 'SECURE' },
    { sl: '50.5' },
    { sl: '' },
    { sl: '100', timeout: '0' },
    { timeout: '99999999999' },
    { h: '' },
    { h: ' ' },
    { unknown: 'x', 'otp[]': 'x' },
  ]) {
    assert.equal(await keep.status({ otp: typed(counter++), ...change }), 'OK', JSON.stringify(change));
  }
  const upper = await keep.ask({ id: '1', nonce, otp: ` ${typed(counter).toUpperCase()}\n` });
  assert.deepEqual([upper.status, upper.field('otp')], ['OK', typed(counter)], 'as it is in lower case');
  for (const [timestamp, isAsked] of [
    ['1', true],
    ['01', true],
    ['1.0', true],
    ['+1', true],
    ['1e0', true],
    ['0', false],
    ['2', false],
    ['0x1', false],
    ['yes', false],
    ['', false],
  ] as const) {
    const answer = await keep.ask({ id: '1', nonce, otp: typed(++counter), timestamp });
    assert.equal(answer.names.includes('sessionuse'), isAsked, timestamp);
  }
});

test('a signature is over everything that was sent, as it was sent', async () => {
  await using keep = await start();
  const sign = (parameters: Parameters): Parameters => ({ ...parameters, h: hmac(parameters, keep.secret) });
  const status = async (parameters: Parameters) => (await keep.ask(parameters)).status;
  assert.equal(await status(sign({ id: '1', nonce, otp: typed(2) })), 'OK');
  assert.equal(
    await status(sign({ otp: typed(3).toUpperCase(), nonce: ` ${nonce}`, id: '01' })),
    'OK',
    'not tidied up',
  );
  assert.equal(await status(sign({ id: '1', nonce, otp: typed(4), Zz: 'ü', '': '\u00ff' })), 'OK', 'unknown names');
  const signed = sign({ id: '1', nonce, otp: typed(5) });
  for (const change of [
    { otp: typed(6) },
    { nonce: nonce.toUpperCase() },
    { more: '' },
    { h: (signed['h'] ?? '').replace('=', '') },
    { h: (signed['h'] ?? '').toLowerCase() },
    { h: hmac({ id: '1', nonce, otp: typed(5) }, new Uint8Array(0)) },
  ]) {
    const answer = await keep.ask({ ...signed, ...change });
    assert.equal(answer.status, 'BAD_SIGNATURE', JSON.stringify(change));
    assert.ok(answer.isSignedWith(keep.secret));
    assert.deepEqual(answer.names, ['t', 'status'], 'nothing is said again');
  }
  assert.equal(await status(signed), 'OK', 'nothing of all that spent it');
});

test('the worked example of the protocol', () => {
  const secret = Buffer.from('EHmo8FMxuhumBlTinC4uYL0Mgwg=', 'base64');
  const pairs = pairsOf({
    ...{ otp: 'idkfefrdhtrutjduvtcjbfeuvhehdvjjlbchtlenfgku', nonce: 'kakakakakakakakakakakaka', id: '1' },
    h: 'ehhpPyH9W/uL5v/1XGd52oN8yMg=',
  });
  assert.equal(signPairs(pairs, secret), 'ehhpPyH9W/uL5v/1XGd52oN8yMg=');
  assert.ok(isSignatureOf('ehhpPyH9W/uL5v/1XGd52oN8yMg=', pairs, secret));
  assert.ok(!isSignatureOf('ehhpPyH9W/uL5v/1XGd52oN8yMg', pairs, secret));
});

test('every fault of a known client is signed with its key, of anybody else with the empty one', async () => {
  await using keep = await start();
  const table: readonly (readonly [Parameters, boolean])[] = [
    [{}, false],
    [{ id: '1' }, true],
    [{ id: '1', nonce, otp: 'x' }, true],
    [{ id: '1', nonce, otp: typed(2), sl: 'x' }, true],
    [{ id: '7', nonce, otp: typed(2) }, false],
    [{ id: 'x', nonce, otp: typed(2) }, false],
  ];
  for (const [parameters, isKnown] of table) {
    const answer = await keep.ask(parameters);
    assert.ok(answer.isSignedWith(isKnown ? keep.secret : new Uint8Array(0)), JSON.stringify(parameters));
  }
  const { admin } = keep.started;
  assert.deepEqual(await admin.call(yubiotp.disableClient, { id: 1 }), { kind: 'ok', value: { changed: true } });
  const disabled = await keep.ask({ id: '1', nonce, otp: typed(2) });
  assert.ok(disabled.status === 'NO_SUCH_CLIENT' && disabled.isSignedWith(new Uint8Array(0)));
  assert.deepEqual(await admin.call(yubiotp.disableClient, { id: 1 }), { kind: 'ok', value: { changed: false } });
  assert.equal(codeOf(await admin.call(yubiotp.enableClient, { id: 1 })), 'ok');
  assert.equal(await keep.status({ otp: typed(2) }), 'OK');
});

test('an id that was removed does not come back, and keys are never listed', async () => {
  await using keep = await start();
  const { admin } = keep.started;
  assert.equal(codeOf(await admin.call(yubiotp.removeClient, { id: 1 })), 'ok');
  assert.equal(codeOf(await admin.call(yubiotp.removeClient, { id: 1 })), 'not-found');
  assert.equal(await keep.status({ otp: typed(2) }), 'NO_SUCH_CLIENT');
  const added = await admin.call(yubiotp.addClient, { email: '', notes: '' });
  assert.ok(added.kind === 'ok' && added.value.id === 2 && added.value.secret.length === 20);
  const listed = await admin.call(yubiotp.listClients, { limit: 10 });
  assert.ok(listed.kind === 'ok');
  assert.deepEqual(
    listed.value.clients.map(({ createdAtUnixMs: _, ...client }) => client),
    [{ id: 2, active: true, email: '', notes: '', otp: '' }],
  );
  assert.equal(codeOf(await admin.call(yubiotp.addClient, { email: 'a,b', notes: '' })), 'invalid-input');
});

test('a key counts only while its user may come in, after a confirmation, and not after a restore until it was shown', async () => {
  const first = await start();
  const { admin } = first.started;
  await admin.call(users.disable, { name: 'ada' });
  assert.equal(await first.status({ otp: typed(2) }), 'BAD_OTP');
  await admin.call(users.enable, { name: 'ada' });
  assert.equal(await first.status({ otp: typed(2) }), 'OK');
  const other = 'vvccccccccbb';
  const secret = { kind: 'given', ...secrets } as const;
  await admin.call(yubiotp.enroll, { user: 'bob', publicId: other, secret });
  assert.equal(await first.status({ otp: typeCode(other, secrets, { counter: 1, use: 0 }) }), 'BAD_OTP', 'unconfirmed');
  await using second = withClient(await restored(first.started, 60_000), first.secret);
  assert.equal(await second.status({ otp: typed(3) }), 'BAD_OTP', 'restored');
  await second.started.admin.call(yubiotp.resync, { user: 'ada', publicId, otp: typed(3) });
  assert.equal(await second.status({ otp: typed(3) }), 'REPLAYED_OTP');
  assert.equal(await second.status({ otp: typed(4) }), 'OK');
});

test('of 64 requests with one code exactly one is OK, whatever their nonces, also across a restart', async () => {
  const first = await start();
  let { started } = first;
  for (let counter = 2; counter < 22; counter++) {
    const otp = typed(counter);
    const statuses = await Promise.all(
      Array.from({ length: 64 }, (_, at) =>
        ask(started, { id: '1', otp, nonce: at % 2 === 0 ? nonce : `k${at}`.padEnd(20, 'a') }),
      ),
    );
    const said = (wanted: string) => statuses.filter(({ status }) => status === wanted).length;
    assert.equal(said('OK'), 1);
    assert.equal(said('REPLAYED_OTP') + said('REPLAYED_REQUEST'), 63);
    if (counter % 10 !== 0) continue;
    started = await started.restart(0);
    await started.unseal();
    assert.match((await ask(started, { id: '1', otp, nonce })).status, /^REPLAYED_/);
  }
  await started[Symbol.asyncDispose]();
});

test('if the store cannot keep what is spent, that is an error behind, signed with the key of the client', async () => {
  await using keep = await start();
  const { store } = keep.started;
  const commit = store.commit.bind(store);
  store.commit = async () => refuse('disk-full');
  const answer = await keep.ask({ id: '1', nonce, otp: typed(2) });
  assert.deepEqual([answer.status, answer.names], ['BACKEND_ERROR', ['t', 'status']]);
  assert.ok(answer.isSignedWith(keep.secret));
  store.commit = commit;
  assert.equal(await keep.status({ otp: typed(2) }), 'OK', 'nothing was spent');
});

test('only a gate may ask, and an audit record names client, counters and no code', async () => {
  await using keep = await start();
  const otp = typed(2);
  const input = {
    version: '2',
    parameters: pairsOf({ id: '1', nonce, otp }),
    source: { address: '192.0.2.7' },
  } as const;
  assert.equal(codeOf(await keep.started.admin.call(yubiotp.validate, input)), 'denied');
  assert.equal(codeOf(await keep.started.gate.call(yubiotp.validate, input)), 'ok');
  const records = await keep.started.admin.call(audit.list, { limit: 50 });
  const text = JSON.stringify(records);
  assert.match(text, /"yubiotp.validate"/);
  assert.match(text, /"192.0.2.7"/);
  assert.ok(!text.includes(otp) && !text.includes(otp.slice(-32)));
});

test('whatever is sent, reading it neither fails nor takes long', () => {
  const octets = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) });
  const name = fc.oneof(fc.constantFrom('id', 'otp', 'nonce', 'sl', 'timeout', 'timestamp', 'h'), octets);
  fc.assert(
    fc.property(fc.array(fc.record({ name, value: octets })), (parameters) => {
      for (const version of ['1', '2'] as const) {
        const { nonce: read = 'k'.repeat(16), clientId = 1, otp } = readValidationRequest(version, parameters);
        assert.match(read, /^[A-Za-z0-9]{16,40}$/);
        assert.ok(clientId > 0 && clientId <= yubiotp.MAX_CLIENT_ID);
        assert.match(otp?.letters ?? 'c'.repeat(32), /^[cbdefghijklnrtuv]{32,48}$/);
      }
    }),
  );
  const blanks = ' '.repeat(16_384);
  assert.equal(readValidationRequest('2', [{ name: 'nonce', value: `${blanks}x` }]).nonce, undefined);
});
