import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  httpStatusOf,
  ok,
  publicOperations,
  type RefusalCode,
  type Result,
  refusals,
  refuse,
} from '@chatelaine/contract';
import { CertificateError, prepareCertificate } from './certificate.ts';
import { httpConfig } from './http-config.ts';
import { startFront } from './testing/start-front.ts';

const json = { 'content-type': 'application/json' };
const raw = { 'content-type': 'application/octet-stream' };

describe('a request', () => {
  test('becomes the input of its operation: from the path, the query and the body', async () => {
    await using front = await startFront();
    front.answer(({ operation }) => {
      if (operation === 'audit.list') return ok({ records: [] });
      if (operation === 'machines.vote') return ok({ approvedBy: [], required: 1 });
      return ok({ changed: true });
    });
    const requestId = 'ab'.repeat(16);
    const vote = { approver: 'anna', approve: true, signature: 'AQID' };
    await front.ask('/v1/machines/zurich%2Frack1%2Fweb%201/enable', { method: 'POST' });
    await front.ask('/v1/audit?limit=7&object=machines%2Fweb1');
    await front.ask(`/v1/approvals/${requestId}`, { method: 'POST', headers: json, body: JSON.stringify(vote) });
    const query = `/v1/approvals/${requestId}?approver=anna&approve=false`;
    await front.ask(query, { method: 'POST', headers: raw, body: Buffer.from([0, 255]) });
    assert.deepEqual(
      front.seen.map(({ operation, input }) => [operation, input]),
      [
        ['machines.enable', { name: 'zurich/rack1/web 1' }],
        ['audit.list', { limit: 7, object: 'machines/web1' }],
        ['machines.vote', { requestId, approver: 'anna', approve: true, signature: Uint8Array.of(1, 2, 3) }],
        ['machines.vote', { requestId, approver: 'anna', approve: false, signature: Uint8Array.of(0, 255) }],
      ],
    );
  });

  test('carries its credential and address to the keep, and then the gate forgets it', async () => {
    await using front = await startFront();
    let kept: Uint8Array | undefined;
    front.answer(({ options }) => {
      kept = options.credential;
      return ok({ changed: true });
    });
    await front.ask('/v1/machines/web1/disable', { method: 'POST', token: 'cht_A-b_c' });
    assert.equal(front.seen[0]?.credential, 'cht_A-b_c');
    assert.equal(front.seen[0]?.options.source, '127.0.0.1');
    assert.deepEqual(kept && [...kept], Array(9).fill(0), 'the gate forgets it');
  });

  test('comes from where a proxy says, if that is one of ours', async () => {
    await using behind = await startFront({ proxies: ['127.0.0.1'] });
    await using open = await startFront();
    const sourceOf = async (front: typeof open, forwarded: string) => {
      await front.ask('/v1/machines', { headers: { 'x-forwarded-for': forwarded } });
      return front.seen.at(-1)?.options.source;
    };
    assert.equal(await sourceOf(behind, '198.51.100.1, 192.0.2.7'), '192.0.2.7');
    assert.equal(await sourceOf(behind, '2001:db8::1'), '2001:db8::1');
    assert.equal(await sourceOf(behind, 'nonsense'), '127.0.0.1');
    assert.equal(await sourceOf(open, '192.0.2.7'), '127.0.0.1');
  });

  test('is turned away without a token, and the keep is not asked', async () => {
    await using front = await startFront();
    for (const headers of [
      {},
      { authorization: 'Basic YTpi' },
      { authorization: 'Bearer' },
      { authorization: 'Bearer ä' },
    ]) {
      const answer = await front.ask('/v1/machines', { token: null, headers });
      assert.equal(answer.status, 401);
      assert.equal(answer.headers['www-authenticate'], 'Bearer realm="chatelaine"');
    }
    assert.equal(front.seen.length, 0);
  });

  test('that changes something has a name, its own or a new one, and one that only looks has none', async () => {
    await using front = await startFront();
    front.answer(() => ok({ changed: true }));
    const disable = (headers: Record<string, string>) =>
      front.ask('/v1/machines/web1/disable', { method: 'POST', headers });
    await disable({ 'idempotency-key': 'deploy-4711' });
    await disable({});
    front.answer(() => ok({ machines: [] }));
    await front.ask('/v1/machines', { headers: { 'idempotency-key': 'deploy-4711' } });
    const ids = front.seen.map(({ options }) => options.requestId);
    assert.equal(ids[0], 'deploy-4711');
    assert.match(ids[1] ?? '', /^[0-9a-f-]{36}$/);
    assert.equal(ids[2], undefined);
    const wrong = await disable({ 'idempotency-key': 'short' });
    assert.equal(wrong.json()['field'], 'Idempotency-Key');
  });

  test('keeps its name from beginning to end', async () => {
    await using front = await startFront();
    const named = await front.ask('/healthz', { headers: { 'x-request-id': 'r.1_-A' } });
    assert.equal(named.headers['x-request-id'], 'r.1_-A');
    const refused = await front.ask('/nosuch', { headers: { 'x-request-id': 'r2' } });
    assert.equal(refused.json()['requestId'], 'r2');
    for (const bad of ['a b', '<script>', 'x'.repeat(65)]) {
      const answer = await front.ask('/healthz', { headers: { 'x-request-id': bad } });
      assert.match(String(answer.headers['x-request-id']), /^[0-9a-f-]{36}$/);
    }
  });

  test('with something in the wrong place is refused, and the field is named, never the value', async () => {
    await using front = await startFront();
    const id = 'ab'.repeat(16);
    const post = (path: string, headers: Record<string, string>, body: string | Uint8Array) =>
      front.ask(path, { method: 'POST', headers, body });
    const secret = 'hunter2';
    const table: [Promise<Awaited<ReturnType<typeof front.ask>>>, string | undefined][] = [
      [front.ask(`/v1/audit?limit=${secret}`), 'limit'],
      [front.ask('/v1/audit?limit=1&limit=2'), 'limit'],
      [front.ask(`/v1/audit?${secret}=1`), undefined],
      [front.ask('/v1/machines/web1?name=web2'), undefined],
      [post(`/v1/approvals/${id}`, json, `{"approver":"${secret}","approve":"yes"}`), 'approve'],
      [post(`/v1/approvals/${id}`, json, `{"requestId":"${id}"}`), 'requestId'],
      [post(`/v1/approvals/${id}?approve=true`, json, '{}'), undefined],
      [post(`/v1/approvals/${id}?approve=true&approver=a&signature=AQ==`, raw, Uint8Array.of(1)), undefined],
      [post(`/v1/approvals/${id}`, json, `{"signature":"${secret}!"`), undefined],
      [post(`/v1/approvals/${id}`, json, `[1]`), undefined],
      [post(`/v1/approvals/${id}`, json, '"x"'), undefined],
      [post(`/v1/approvals/${id}`, { 'content-type': 'text/plain' }, secret), 'Content-Type'],
      [post(`/v1/approvals/${id}`, json, `{"__proto__":{"approve":true}}`), 'approver'],
      [post('/v1/approvals/nosuch', json, '{"approver":"a","approve":true,"signature":"AQ=="}'), 'requestId'],
      [post('/v1/heartbeats', raw, Uint8Array.of(1)), 'Content-Type'],
    ];
    for (const [index, [asked, field]] of table.entries()) {
      const answer = await asked;
      assert.equal(answer.status, 400, String(index));
      assert.equal(answer.json()['code'], 'invalid-input', String(index));
      assert.equal(answer.json()['field'], field, String(index));
      assert.ok(!answer.body.includes(secret), String(index));
    }
    assert.equal(front.seen.length, 0);
  });

  test('for what is not there gets 404, and with a method that is not there 405', async () => {
    await using front = await startFront();
    for (const path of [
      '/',
      '/v1',
      '/v1/',
      '/v2/machines',
      '/v1/machines/',
      '/v1/machines/a/b',
      '/v1/%00',
      '/v1/../v1',
    ]) {
      const answer = await front.ask(path);
      assert.equal(answer.status, 404, path);
      assert.equal(answer.json()['code'], 'not-found');
    }
    const wrong = await front.ask('/v1/machines/web1/enable');
    assert.equal(wrong.status, 405);
    assert.equal(wrong.headers['allow'], 'POST');
    const head = await front.ask('/healthz', { method: 'HEAD' });
    assert.equal(head.status, 200);
    assert.equal(head.body.length, 0);
  });
});

describe('an answer', () => {
  test('that is a refusal is a problem with its code, whichever it is', async () => {
    await using front = await startFront();
    for (const code of Object.keys(refusals) as RefusalCode[]) {
      front.answer(() => refuse(code));
      const answer = await front.ask('/v1/machines/web1');
      const problem = answer.json();
      assert.equal(answer.headers['content-type'], 'application/problem+json', code);
      assert.equal(answer.status, httpStatusOf[code], code);
      assert.equal(problem['status'], answer.status);
      assert.equal(problem['code'], code);
      assert.equal(problem['type'], `urn:chatelaine:refusal:${code}`);
      assert.equal(problem['detail'], refusals[code].text);
      assert.equal(problem['requestId'], answer.headers['x-request-id']);
    }
  });

  test('is never kept by anybody on its way', async () => {
    await using front = await startFront();
    for (const path of ['/healthz', '/v1/machines', '/nosuch', '/v1/openapi.json']) {
      const { headers } = await front.ask(path);
      assert.equal(headers['cache-control'], 'no-store', path);
      assert.equal(headers['x-content-type-options'], 'nosniff', path);
    }
  });

  test('of another form than declared, or none because of a fault, is told as internal', async () => {
    await using front = await startFront();
    front.answer(() => ok({ surprise: 'hunter2' }));
    const odd = await front.ask('/v1/machines/web1');
    front.answer(() => {
      throw new Error('hunter2');
    });
    const fault = await front.ask('/v1/machines/web1');
    for (const answer of [odd, fault]) {
      assert.equal(answer.status, 500);
      assert.equal(answer.json()['code'], 'internal');
      assert.ok(!answer.body.includes('hunter2'));
    }
  });
});

describe('limits', () => {
  test('a body that is larger than it may be is refused, announced or not', async () => {
    await using front = await startFront({ max_body_bytes: 1_024 });
    front.answer(() => ok({}));
    const put = async (headers: Record<string, string>, body: Uint8Array) =>
      await front.ask('/v1/machines/web1/secret', { method: 'PUT', headers: { ...raw, ...headers }, body });
    assert.equal((await put({}, Buffer.alloc(1_024))).status, 200);
    assert.equal((await put({}, Buffer.alloc(1_025))).json()['code'], 'too-large');
    const chunked = { 'transfer-encoding': 'chunked' };
    assert.equal((await put(chunked, Buffer.alloc(1_024))).status, 200);
    assert.equal((await put(chunked, Buffer.alloc(1_025))).status, 413);
    assert.equal(front.seen.length, 2);
  });

  test('bodies of strangers are bounded all together, and the others go on', async () => {
    await using front = await startFront();
    const head = 'PUT /v1/machines/web1/secret HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\n';
    const rest = 'Content-Type: application/octet-stream\r\nContent-Length: 1048576\r\n\r\na';
    const sockets = Array.from({ length: 65 }, () => {
      const socket = connect(front.port, '127.0.0.1');
      socket.write(head + rest);
      return socket;
    });
    const [chunk] = await Promise.race(sockets.map((socket) => once(socket, 'data')));
    assert.match(String(chunk), /^HTTP\/1\.1 503 .*"code":"busy"/s);
    assert.equal((await front.ask('/healthz')).status, 200);
    for (const socket of sockets) socket.destroy();
    front.answer(() => ok({}));
    for (let status = 503; status === 503; ) {
      const put = { method: 'PUT', headers: raw, body: Buffer.alloc(100_000) };
      status = (await front.ask('/v1/machines/web1/secret', put)).status;
    }
    assert.equal(front.seen.length, 1);
  });

  test('whoever asks before sending a large body is told at once', async () => {
    await using front = await startFront({ max_body_bytes: 1_024 });
    const socket = connect(front.port, '127.0.0.1');
    const head =
      'PUT /v1/machines/web1/secret HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\nExpect: 100-continue\r\n';
    socket.write(`${head}Content-Type: application/octet-stream\r\nContent-Length: 9999\r\n\r\n`);
    const [chunk] = await once(socket, 'data');
    assert.match(String(chunk), /^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  test('a body that does not come to its end, a head that does not, and nothing at all are let go', {
    timeout: 20_000,
  }, async () => {
    await using front = await startFront({ head_seconds: 1, request_seconds: 1 });
    const starts = [
      '',
      'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ',
      'POST /v1/heartbeats HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
    ];
    const sockets = starts.map((start) => {
      const socket = connect(front.port, '127.0.0.1');
      socket.resume().on('error', () => undefined);
      socket.write(start);
      const drip = setInterval(() => start !== '' && socket.writable && socket.write('a'), 200);
      return once(socket, 'close').finally(() => clearInterval(drip));
    });
    await Promise.all(sockets);
    assert.equal(front.seen.length, 0);
    assert.equal((await front.ask('/healthz')).status, 200);
  });

  test('a head with more or larger fields than it may have is refused', async () => {
    await using front = await startFront();
    assert.equal((await front.ask('/healthz', { headers: { 'x-large': 'a'.repeat(20_000) } })).status, 431);
    assert.equal((await front.ask('/healthz')).status, 200);
  });

  test('one connection more than there may be is closed, the others go on', async () => {
    await using front = await startFront({ max_connections: 2 });
    const held = [connect(front.port, '127.0.0.1'), connect(front.port, '127.0.0.1')];
    await Promise.all(held.map((socket) => once(socket, 'connect')));
    await assert.rejects(front.ask('/healthz'));
    held[0]?.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.match(String(await once(held[0] as NodeJS.EventEmitter, 'data')), /^HTTP\/1\.1 200/);
    for (const socket of held) socket.destroy();
  });

  test('strangers use up what is theirs, and nobody else is slower for it', async () => {
    await using front = await startFront({ stranger_requests_per_second: 1 });
    front.answer(
      ({ credential }): Result<unknown> => (credential === 'good' ? ok({ machines: [] }) : refuse('unauthenticated')),
    );
    const ask = async (token: string | null) => (await front.ask('/v1/machines', { token })).status;
    assert.equal(await ask('good'), 200);
    const statuses: number[] = [];
    for (let i = 0; i < 20; i++) statuses.push(await ask(i % 2 === 0 ? `wrong-${i}` : null));
    assert.equal(statuses[0], 401);
    assert.equal(statuses.at(-1), 429);
    assert.ok(front.seen.length < 20, 'the keep is spared');
    assert.equal(await ask('good'), 200, 'a token that was good has its own allowance');
    assert.equal(await ask('also-good-but-new'), 429);
  });

  test('a token has an allowance, and is told to wait when it is used up', async () => {
    await using front = await startFront({ requests_per_second: 1 });
    front.answer(() => ok({ machines: [] }));
    const answers = [];
    for (let i = 0; i < 5; i++) answers.push(await front.ask('/v1/machines'));
    assert.equal(answers[0]?.status, 200);
    assert.equal(answers.at(-1)?.status, 429);
    assert.equal(answers.at(-1)?.headers['retry-after'], '1');
  });
});

describe('what needs no token', () => {
  test('a heartbeat goes to the keep in the name of the gate', async () => {
    await using front = await startFront();
    const { nonce } = (await front.ask('/v1/nonce', { token: null })).json();
    assert.equal(nonce, Buffer.alloc(32, 7).toString('base64'));
    const body = JSON.stringify({ name: 'web1', nonce, signature: Buffer.alloc(64, 1).toString('base64') });
    const answer = await front.ask('/v1/heartbeats', { method: 'POST', headers: json, body, token: 'ignored' });
    assert.equal(answer.status, 200);
    assert.equal(front.seen[0]?.operation, 'machines.heartbeat');
    assert.equal(front.seen[0]?.credential, undefined);
    assert.deepEqual(front.seen[0]?.input['nonce'], new Uint8Array(32).fill(7));
  });

  test('it is alive whether the keep is there or not, and ready only if that is open', async () => {
    const status = {
      version: '1',
      purpose: 'development',
      storeId: 's',
      revision: 1,
      modules: [],
      startedAtUnixMs: 1,
    };
    const table: [Result<unknown>, number, string | undefined][] = [
      [ok({ ...status, sealed: false }), 200, undefined],
      [ok({ ...status, sealed: true }), 503, 'sealed'],
      [refuse('unavailable'), 503, 'unavailable'],
    ];
    for (const [answer, expected, code] of table) {
      await using front = await startFront();
      front.answer(() => answer);
      assert.equal((await front.ask('/healthz', { token: null })).status, 200);
      const ready = await front.ask('/readyz', { token: null });
      assert.equal(ready.status, expected);
      assert.equal(ready.json()['code'], code);
    }
  });

  test('the description of the API', async () => {
    await using front = await startFront();
    const document = (await front.ask('/v1/openapi.json', { token: null })).json();
    assert.equal(document['openapi'], '3.1.0');
    const paths = Object.keys(document['paths'] as object);
    for (const { http } of publicOperations) assert.ok(paths.includes(http.path), http.path);
  });
});

test('metrics are for whoever the keep lets read them, and for this machine only if that is configured', async () => {
  const answer = ({ credential }: { readonly credential?: string }): Result<unknown> =>
    credential === 'wrong' ? refuse('denied') : ok({ text: 'keep_counter 1\n' });
  await using closed = await startFront();
  closed.answer(answer);
  assert.equal((await closed.ask('/metrics', { token: null })).status, 401);
  assert.equal((await closed.ask('/metrics', { token: 'wrong' })).status, 403);
  const read = await closed.ask('/metrics');
  assert.match(read.body.toString(), /^keep_counter 1\n/);
  assert.match(read.body.toString(), /chatelaine_http_requests_total\{status="401"\} 1\n/);
  assert.match(read.body.toString(), /chatelaine_http_request_seconds_count 2\n/);
  await using open = await startFront({ metrics_on_loopback: true });
  open.answer(answer);
  assert.equal((await open.ask('/metrics', { token: null })).status, 200);
  assert.equal((await open.ask('/metrics', { token: null, headers: { host: 'evil.example' } })).status, 401);
  assert.equal((await open.ask('/metrics', { token: 'wrong' })).status, 403, 'a token counts if it is there');
});

describe('TLS', () => {
  test('the certificate that it makes is its own, stays the same, and is good for this machine', async () => {
    await using front = await startFront({ listen: ['127.0.0.1:0'] });
    const file = join(front.directory, 'http.crt');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(statSync(join(front.directory, 'http.key')).mode & 0o777, 0o600);
    const ca = readFileSync(file);
    const asked = request({ host: 'localhost', port: front.httpsPort, path: '/healthz', ca, agent: false }).end();
    const [response] = await once(asked, 'response');
    response.resume();
    assert.equal(response.statusCode, 200);
    assert.equal(response.socket.authorized, true);
    const config = httpConfig.parse({ listen: ['127.0.0.1:0'] });
    const { fingerprint } = await prepareCertificate(front.directory, config);
    assert.equal(response.socket.getPeerCertificate().fingerprint256, fingerprint);
    assert.deepEqual(readFileSync(file), ca);
  });

  test('old versions are not spoken', async () => {
    await using front = await startFront({ listen: ['127.0.0.1:0'] });
    const asked = request({
      host: 'localhost',
      port: front.httpsPort,
      rejectUnauthorized: false,
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
      ciphers: 'DEFAULT@SECLEVEL=0',
      agent: false,
    });
    await assert.rejects(once(asked.end(), 'response'));
  });

  test('files that cannot be used are named', async () => {
    await using front = await startFront({ listen: ['127.0.0.1:0'] });
    const other = await startFront({ listen: ['127.0.0.1:0'] });
    const [certificate, key] = [join(front.directory, 'http.crt'), join(other.directory, 'http.key')];
    const broken = join(front.directory, 'broken.pem');
    writeFileSync(broken, 'no PEM');
    const prepare = (files: object) =>
      prepareCertificate(front.directory, httpConfig.parse({ listen: ['127.0.0.1:0'], ...files }));
    const table: [object, RegExp][] = [
      [{ certificate, key }, /http\.key does not belong to .*http\.crt$/],
      [{ certificate: broken, key }, /broken\.pem is no certificate/],
      [{ certificate, key: broken }, /broken\.pem is no private key/],
      [{ certificate: '/nonexistent', key }, /\/nonexistent cannot be read: ENOENT$/],
    ];
    for (const [files, words] of table) {
      await assert.rejects(
        prepare(files),
        (error: Error) => error instanceof CertificateError && words.test(error.message),
      );
    }
    await other[Symbol.asyncDispose]();
  });
});

test('what is under way is answered when it has to stop, and nobody new is let in', async () => {
  await using front = await startFront();
  const { promise: asked, resolve: noteAsked } = Promise.withResolvers<void>();
  const { promise: answered, resolve: answer } = Promise.withResolvers<Result<unknown>>();
  front.answer(() => {
    noteAsked();
    return answered;
  });
  const under = front.ask('/v1/machines');
  await asked;
  const drained = front.front.drain(60_000);
  await assert.rejects(front.ask('/healthz'));
  answer(ok({ machines: [] }));
  assert.equal((await under).status, 200);
  await drained;
});

test('the settings are checked', () => {
  const table: [object, string][] = [
    [{ plain: ['0.0.0.0:80'] }, 'plain'],
    [{ plain: ['[::]:80'] }, 'plain'],
    [{ plain: ['10.0.0.1:80'] }, 'plain'],
    [{ listen: [] }, 'listen'],
    [{ certificate: '/etc/x.pem' }, 'key'],
    [{ key: '/etc/x.pem' }, 'key'],
    [{ certificate: 'x.pem', key: '/etc/x.pem' }, 'certificate'],
    [{ max_body_bytes: 2_000_000 }, 'max_body_bytes'],
  ];
  for (const [config, field] of table) {
    assert.equal(httpConfig.safeParse(config).error?.issues[0]?.path[0], field, JSON.stringify(config));
  }
  assert.deepEqual(httpConfig.parse({}).listen, [{ host: '::', port: 8_443 }]);
  assert.ok(httpConfig.safeParse({ listen: [], plain: ['[::1]:80', '127.0.0.2:80'] }).success);
});
