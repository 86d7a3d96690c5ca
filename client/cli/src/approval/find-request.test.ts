import assert from 'node:assert/strict';
import test from 'node:test';
import type { machines } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { findRequest, shortIds } from './find-request.ts';

const request = (requestId: string, name: string): machines.PendingRequest => ({
  requestId: requestId.padEnd(32, '0'),
  name,
  keyId: 'c0ffee00'.repeat(8),
  address: '192.0.2.7',
  askedAtUnixMs: 0,
  untilUnixMs: 60_000,
  releasedAtEnd: false,
  approvers: [],
  approvedBy: [],
});

const requests = [
  request('aabbccdd11', 'web1'),
  request('aabbccdd22', 'web2'),
  request('beef', 'web2'),
  request('f00d', 'beef'),
];

test('a request is meant by its machine, or by the beginning of its number', () => {
  assert.equal(findRequest(requests, 'web1'), requests[0]);
  assert.equal(findRequest(requests, 'aabbccdd2'), requests[1]);
  assert.equal(findRequest(requests, requests[2]?.requestId ?? ''), requests[2]);
  assert.equal(findRequest(requests, 'nobody'), undefined);
  assert.equal(findRequest(requests, 'aab'), undefined);
});

test('a name wins over a number that begins like it', () => {
  assert.equal(findRequest(requests, 'beef'), requests[3]);
});

test('nobody decides about one of several by accident', () => {
  for (const wanted of ['web2', 'aabbccdd']) {
    assert.throws(
      () => findRequest(requests, wanted),
      (error) =>
        error instanceof Failure && error.exit === 'usage' && /may be 2 requests: aabbccdd/.test(error.message),
    );
  }
});

test('a number is shown as long as it takes to tell it from the others', () => {
  assert.deepEqual([...shortIds(requests).values()], ['aabbccdd1', 'aabbccdd2', 'beef00000', 'f00d00000']);
});
