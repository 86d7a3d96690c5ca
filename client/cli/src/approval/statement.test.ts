// What is signed is what its page says.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { checkInput, machines } from '@chatelaine/contract';

const page = readFileSync(new URL('../../../../docs/formats/approval.md', import.meta.url), 'utf8');

test('the text that is signed is the one of docs/formats/approval.md, byte for byte', () => {
  const example = /```\n(chatelaine approval v1\n[^`]*)```/.exec(page)?.[1] ?? '';
  const text = machines.approvalText('0f8c2a6be1d94c55a0b1c2d3e4f50617', {
    requestId: '00112233445566778899aabbccddeeff',
    name: 'zurich/rack1/web1',
    keyId: 'c0ffee00'.repeat(8),
    address: '192.0.2.7',
    askedAtUnixMs: Date.UTC(2027, 0, 15, 8),
    approve: true,
  });
  assert.equal(Buffer.from(text).toString(), example);
});

test('no name and no address can stand for two lines', () => {
  assert.ok(!machines.machineNameSchema.safeParse('web1\ndecision: approve').success);
  const ask = (address: string) =>
    checkInput(machines.fetch, {
      proof: { messages: [], nonce: new Uint8Array(32), gateRandom: new Uint8Array(32) },
      source: { address, port: 1 },
    });
  assert.equal(ask('fe80::1%eth0').kind, 'ok');
  const refused = ask('192.0.2.7\nmachine: web2');
  assert.equal(refused.kind === 'refused' && refused.field, 'source.address');
});
