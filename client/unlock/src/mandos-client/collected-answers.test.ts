import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { test } from 'node:test';
import { splitPassword } from '@chatelaine/machine-keys/disk-shares';
import { CollectedAnswers } from './collected-answers.ts';

const split = (password: string): Buffer[] => [
  ...splitPassword(Buffer.from(password), { threshold: 2, shares: 3 }, randomFillSync),
];

test('what is no share is the password, to the last byte', () => {
  const plaintext = Buffer.from('chdshr\0\n');
  assert.deepEqual(new CollectedAnswers().take('a', plaintext), { kind: 'password', password: plaintext });
});

test('as many shares as suffice become the password, whichever servers they are of', () => {
  const [one = Buffer.of(), , three = Buffer.of()] = split('correct horse');
  const answers = new CollectedAnswers();
  assert.deepEqual(answers.take('a', one), { kind: 'share', missing: 1 });
  assert.deepEqual(answers.take('c', three), { kind: 'password', password: Buffer.from('correct horse') });
});

test('one server alone gives nothing, however often it is asked; its newest share counts', () => {
  const [old = Buffer.of()] = split('old');
  const [one = Buffer.of(), two = Buffer.of()] = split('new');
  const answers = new CollectedAnswers();
  answers.take('a', old);
  assert.deepEqual(answers.take('b', two), { kind: 'share', missing: 1 });
  assert.deepEqual(answers.take('b', Buffer.from(two)), { kind: 'share', missing: 1 });
  assert.deepEqual(answers.take('a', one), { kind: 'password', password: Buffer.from('new') });
});

test('a share that was damaged is told and forgotten', () => {
  const [one = Buffer.of()] = split('x');
  one[30] = (one[30] ?? 0) ^ 1;
  assert.equal(new CollectedAnswers().take('a', one).kind, 'wrong');
  assert.ok(one.every((byte) => byte === 0));
});
