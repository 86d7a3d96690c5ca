// The process that holds every secret has no way to the network: not one of its descriptors is an internet socket.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDevInstance } from './support/dev-instance.ts';
import { internetSocketsOf } from './support/internet-sockets.ts';
import { Scratch } from './support/scratch.ts';

test('the keep holds no internet socket, and the gate holds the one it listens on', async () => {
  await using scratch = new Scratch();
  const instance = await startDevInstance(scratch);
  await instance.run(['status']);
  assert.deepEqual(internetSocketsOf(instance.pidOf('keep')), []);
  assert.ok(internetSocketsOf(instance.pidOf('gate')).length > 0, 'the method sees the sockets of the gate');
});
