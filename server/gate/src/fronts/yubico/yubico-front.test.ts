import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { ok, type Result, refuse, yubiotp } from '@chatelaine/contract';
import fc from 'fast-check';
import { type StartedFront, startFront } from '../http/testing/start-front.ts';
import { formParameters } from './form-parameters.ts';
import { yubicoFront } from './yubico-front.ts';

const verdict = (status: string): Result<unknown> =>
  ok({
    signature: 'c2lnbmF0dXJl',
    fields: [
      { name: 't', value: '2026-11-25T18:00:00Z0123' },
      { name: 'status', value: status },
    ],
  });

const start = async (config: Readonly<Record<string, unknown>> = {}): Promise<StartedFront> => {
  const front = await startFront(config, [await yubicoFront.load()]);
  front.answer(() => verdict('OK'));
  return front;
};

/** The parameters that the keep was asked about last. */
const lastAsked = ({ seen }: StartedFront): Readonly<Record<string, string>> => {
  const pairs = seen.at(-1)?.input['parameters'] as readonly yubiotp.ValidationPair[];
  return Object.fromEntries(pairs.map(({ name, value }) => [name, value]));
};

test('a verdict is sent as lines that end in CRLF, the signature first and an empty line last', async () => {
  await using front = await start();
  const answer = await front.ask('/wsapi/2.0/verify?id=1', { token: null });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['content-type'], 'text/plain');
  assert.equal(answer.body.toString('latin1'), 'h=c2lnbmF0dXJl\r\nt=2026-11-25T18:00:00Z0123\r\nstatus=OK\r\n\r\n');
});

test('the path tells the version, and no other path is answered', async () => {
  await using front = await start();
  for (const [path, version] of [
    ['/wsapi/verify', '1'],
    ['/wsapi/1.0/verify', '1'],
    ['/wsapi/1.1/verify', '1'],
    ['/wsapi/2.0/verify', '2'],
  ] as const) {
    for (const method of ['GET', 'POST'] as const) {
      await front.ask(`${path}?id=1`, { method, token: null });
      assert.equal(front.seen.at(-1)?.input['version'], version);
      assert.deepEqual(front.seen.at(-1)?.input['source'], { address: '127.0.0.1' });
    }
  }
  const { length } = front.seen;
  for (const path of ['/wsapi/2.1/verify', '/wsapi/3.0/verify', '/wsapi/2.0/verify/', '/wsapi/']) {
    assert.equal((await front.ask(`${path}?id=1`, { token: null })).status, 404, path);
  }
  assert.equal(front.seen.length, length);
});

test('a method that looks ahead asks nothing of the keep', async () => {
  await using front = await start();
  for (const method of ['HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PATCH']) {
    const answer = await front.ask('/wsapi/2.0/verify?id=1&otp=x', { method, token: null });
    assert.equal(answer.status, 405, method);
    assert.equal(answer.headers['allow'], 'GET, POST');
  }
  assert.deepEqual(front.seen, []);
});

test('parameters come from the query if there is one, otherwise from a form that was posted', async () => {
  await using front = await start();
  const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' };
  const post = (path: string, body: string, given: Readonly<Record<string, string>> = headers) =>
    front.ask(path, { method: 'POST', headers: given, body, token: null });
  await post('/wsapi/2.0/verify', 'id=7&h=a%2Bb');
  assert.deepEqual(lastAsked(front), { id: '7', h: 'a+b' });
  await post('/wsapi/2.0/verify?id=8', 'id=7&otp=x');
  assert.deepEqual(lastAsked(front), { id: '8' });
  await post('/wsapi/2.0/verify', '{"id":7}', { 'content-type': 'application/json' });
  assert.deepEqual(lastAsked(front), {});
  const { length } = front.seen;
  const large = await post('/wsapi/2.0/verify', 'x'.repeat(yubiotp.MAX_PARAMETERS_BYTES + 1));
  assert.equal(large.status, 413);
  assert.equal(front.seen.length, length);
});

test('every query gets an answer of the protocol', async () => {
  await using front = await start();
  const table: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ['', {}],
    ['?', {}],
    ['?&&=x&', {}],
    ['?otp[]=x', { 'otp[]': 'x' }],
    ['?otp%5B%5D=x', { 'otp[]': 'x' }],
    ['?otp', { otp: '' }],
    ['?otp=a=b', { otp: 'a=b' }],
    ['?otp=%', { otp: '%' }],
    ['?otp=%zz%4', { otp: '%zz%4' }],
    ['?otp=a%0d%0astatus=OK', { otp: 'a\r\nstatus=OK' }],
    ['?otp=%00', { otp: '\0' }],
    ['?otp=%c3%bc', { otp: '\u00c3\u00bc' }],
    ['?otp=a+b%2b', { otp: 'a b+' }],
    ['?id=1&id=2', { id: '2' }],
    ['?__proto__=x&constructor=y', { ['__proto__']: 'x', constructor: 'y' }],
  ];
  for (const [query, parameters] of table) {
    const answer = await front.ask(`/wsapi/2.0/verify${query}`, { token: null });
    assert.equal(answer.status, 200, query);
    assert.match(answer.body.toString(), /\r\nstatus=OK\r\n\r\n$/, query);
    const pairs = front.seen.at(-1)?.input['parameters'] as readonly yubiotp.ValidationPair[];
    assert.deepEqual(
      pairs.map(({ name, value }) => [name, value]),
      Object.entries(parameters),
      query,
    );
  }
  const many = Array.from({ length: 2_000 }, (_, at) => `a${at}`).join('&');
  assert.equal((await front.ask(`/wsapi/2.0/verify?${many}`, { token: null })).status, 200);
});

test('whatever stands in a query is read without an error, as octets, each name once', () => {
  const text = fc.string({ unit: fc.constantFrom('%', '&', '=', '+', 'a', '4', '\u00e9', '[', ' ', '%26', '%e9') });
  fc.assert(
    fc.property(text, (query) => {
      const pairs = formParameters(query);
      assert.equal(new Set(pairs.map(({ name }) => name)).size, pairs.length);
      for (const { name, value } of pairs) {
        assert.ok(name !== '');
        assert.ok([...(name + value)].every((letter) => letter.charCodeAt(0) < 256));
      }
    }),
  );
});

test('if the keep does not decide, that is an error behind, signed with the empty key', async () => {
  await using front = await start();
  for (const [code, status] of [
    ['unavailable', 'BACKEND_ERROR'],
    ['sealed', 'BACKEND_ERROR'],
    ['deadline', 'BACKEND_ERROR'],
    ['unknown-operation', 'BACKEND_ERROR'],
    ['damaged', 'BACKEND_ERROR'],
    ['denied', 'OPERATION_NOT_ALLOWED'],
  ] as const) {
    front.answer(() => refuse(code));
    const answer = await front.ask('/wsapi/2.0/verify?id=1', { token: null });
    assert.equal(answer.status, 200);
    const [, signature, time, said] =
      /^h=(.{28})\r\nt=(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ0\d{3})\r\nstatus=(\w+)\r\n\r\n$/.exec(answer.body.toString()) ??
      [];
    assert.equal(said, status, code);
    assert.equal(signature, createHmac('sha1', '').update(`status=${said}&t=${time}`).digest('base64'));
  }
});

test('strangers share the allowance of their address; a client that was answered OK there has its own', async () => {
  await using front = await start({ stranger_requests_per_second: 1, requests_per_second: 1_000 });
  const ask = async (id: number) => (await front.ask(`/wsapi/2.0/verify?id=${id}`, { token: null })).status;
  assert.equal(await ask(1), 200);
  front.answer(() => verdict('BAD_OTP'));
  const statuses: number[] = [];
  for (let at = 0; at < 12; at++) statuses.push(await ask(2));
  assert.ok(statuses.includes(429), statuses.join());
  const limited = await front.ask('/wsapi/2.0/verify?id=2', { token: null });
  assert.deepEqual([limited.status, limited.headers['retry-after']], [429, '1']);
  assert.match(limited.body.toString(), /status=BACKEND_ERROR/);
  for (let at = 0; at < 30; at++) assert.equal(await ask(1), 200);
});
