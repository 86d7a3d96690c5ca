import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePeerName } from './wanted-secret.ts';

test('what systemd wants is read from the name that it takes', () => {
  assert.deepEqual(parsePeerName('a360db8e0258b54c/cryptsetup/my-vol'), { kind: 'volume', volume: 'my-vol' });
  assert.deepEqual(parsePeerName('1/unit/tpl@a-b.service/db.password'), {
    kind: 'credential',
    unit: 'tpl@a-b.service',
    id: 'db.password',
  });
});

test('no other name wants anything', () => {
  const others = [
    ...['', '/cryptsetup/x', 'xyz/cryptsetup/x', '12345678901234567/cryptsetup/x', 'a/cryptsetup/', 'a/cryptsetup/x/y'],
    ...[
      'a/cryptsetup-tpm2/x',
      'a/unit/x.service',
      'a/unit//id',
      'a/unit/x.service/',
      'a/unit/x.service/id/more',
      'a/unit/x\n',
    ],
  ];
  for (const name of others) assert.equal(parsePeerName(name), undefined, JSON.stringify(name));
});
