import assert from 'node:assert/strict';
import test from 'node:test';
import { parseDescription } from './key-description.ts';
import * as keyctl from './keyctl.ts';
import { joinOwnSession } from './testing/own-session.ts';

test('a description keeps its semicolons, whatever the manual says', () => {
  const session = joinOwnSession();
  const name = 'a;b;c;;\nd';
  const id = keyctl.addKey('user', name, Buffer.of(1), session.id);
  const parsed = parseDescription(keyctl.describe(id));
  assert.equal(parsed.description.toString(), name);
  assert.deepEqual(
    { ...parsed, description: undefined, gid: 0 },
    {
      type: 'user',
      uid: process.geteuid?.(),
      gid: 0,
      mask: 0x3f01_0000,
      description: undefined,
    },
  );
});

test('what is not in the form of the kernel is no description', () => {
  assert.throws(() => parseDescription(Buffer.from('user;0;0')), /form/);
});
