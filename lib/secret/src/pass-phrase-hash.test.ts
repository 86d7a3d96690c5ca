import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { test } from 'node:test';
import { CHEAP_COST, hashPassPhrase, lockedMemory, PassPhraseHasher } from './index.ts';

const salt = Buffer.from('0123456789abcdef');

test('a pass phrase hashes as argon2id of OpenSSL does', async () => {
  for (const cost of [CHEAP_COST, { passes: 3, memoryKiB: 256 }]) {
    const hashed = await hashPassPhrase(Buffer.from('correct horse'), salt, cost);
    assert.ok(hashed.kind === 'hashed');
    const expected = crypto.argon2Sync('argon2id', {
      message: 'correct horse',
      nonce: salt,
      parallelism: 1,
      tagLength: 32,
      memory: cost.memoryKiB,
      passes: cost.passes,
    });
    assert.deepEqual(hashed.key.bytes, expected);
    hashed.key.release();
  }
});

test('the event loop goes on while a pass phrase is hashed', async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const hashed = await hashPassPhrase(Buffer.from('slow'), salt, { passes: 4, memoryKiB: 65_536 });
  clearInterval(timer);
  assert.ok(turns > 0);
  if (hashed.kind === 'hashed') hashed.key.release();
});

test('one runs at a time, a few wait, the next is told that it is busy; no pass phrase stays behind', async () => {
  const { pieces } = lockedMemory.use();
  const hasher = new PassPhraseHasher(2);
  const passPhrase = Buffer.from('wiped at once');
  const asked = Array.from({ length: 5 }, () => hasher.hash(passPhrase, salt, CHEAP_COST));
  passPhrase.fill(0);
  const answers = await Promise.all(asked);
  assert.deepEqual(
    answers.map((answer) => answer.kind),
    ['hashed', 'hashed', 'hashed', 'busy', 'busy'],
  );
  const keys = answers.flatMap((answer) => (answer.kind === 'hashed' ? [answer.key] : []));
  assert.equal(new Set(keys.map((key) => key.bytes.toString('hex'))).size, 1);
  for (const key of keys) key.release();
  assert.equal((await hasher.hash(Buffer.from('later'), salt, CHEAP_COST)).kind, 'hashed');
  assert.equal(lockedMemory.use().pieces, pieces + 1);
});

test('a cost or salt out of range is refused before anything is hashed', async () => {
  const hasher = new PassPhraseHasher();
  const wrong = [
    { passes: 0, memoryKiB: 64 },
    { passes: 65, memoryKiB: 64 },
    { passes: 1, memoryKiB: 7 },
    { passes: 1, memoryKiB: 4_194_305 },
    { passes: 1.5, memoryKiB: 64 },
    { passes: Number.NaN, memoryKiB: 64 },
  ];
  for (const cost of wrong) await assert.rejects(hasher.hash(Buffer.from('x'), salt, cost), RangeError);
  await assert.rejects(hasher.hash(Buffer.from('x'), Buffer.alloc(15), CHEAP_COST), RangeError);
});
