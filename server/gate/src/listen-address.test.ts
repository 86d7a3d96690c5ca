import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { formatListenAddress, ListenError, listenAt, parseListenAddress } from './listen-address.ts';

test('an address is an IPv4 address or an IPv6 address in brackets, and a port; it is shown as it was written', () => {
  for (const text of ['127.0.0.1:14711', '0.0.0.0:0', '[::]:14711', '[fe80::1]:65535']) {
    const address = parseListenAddress(text);
    assert.ok(address !== undefined, text);
    assert.equal(formatListenAddress(address), text);
  }
});

test('anything else is not an address', () => {
  const wrong = [
    '',
    ':1',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:65536',
    '127.0.0.1:-1',
    '::1:80',
    '[127.0.0.1]:80',
    '[::1]',
    '[]:1',
    'localhost:80',
    '1.2.3:4',
    '127.0.0.1:80 ',
  ];
  for (const text of wrong) assert.equal(parseListenAddress(text), undefined, text);
});

test('port 0 becomes the port that the system picked, and a taken one is a clear error', async () => {
  const first = createServer();
  const second = createServer();
  const bound = await listenAt(first, { host: '127.0.0.1', port: 0 }, {});
  assert.ok(bound.port > 0);
  await assert.rejects(listenAt(second, bound, {}), (error: Error) => {
    assert.ok(error instanceof ListenError);
    assert.match(error.message, /^cannot listen at 127\.0\.0\.1:\d+: EADDRINUSE$/);
    return true;
  });
  first.close();
});
