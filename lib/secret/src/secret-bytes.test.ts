import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { LockedMemory, lockedMemory, SecretBytes, wipe } from './index.ts';

test('a released secret is zero, whatever its size', () => {
  for (const size of [0, 1, 63, 64, 65, 1_200, 16_384]) {
    const secret = SecretBytes.random(size);
    const view = secret.bytes;
    assert.equal(view.length, size);
    secret.release();
    assert.ok(
      view.every((byte) => byte === 0),
      `${size} bytes`,
    );
    assert.throws(() => secret.bytes, /released/);
  }
});

test('a big secret has a region of its own, which is gone after release', () => {
  const before = lockedMemory.use();
  const secret = SecretBytes.random(100_000);
  const view = secret.bytes;
  assert.equal(lockedMemory.use().lockedBytes, before.lockedBytes + 100_000);
  secret.release();
  assert.equal(view.length, 0);
  assert.deepEqual(lockedMemory.use(), before);
});

test('releasing twice gives nothing back twice', () => {
  const { pieces } = lockedMemory.use();
  const secret = SecretBytes.random(40);
  secret.release();
  const next = SecretBytes.copyOf(Buffer.from('somebody else'));
  secret.release();
  assert.equal(next.bytes.toString(), 'somebody else');
  next.release();
  assert.equal(lockedMemory.use().pieces, pieces);
});

test('what is handed out is zero, also a slot used before', () => {
  const pool = new LockedMemory();
  for (let round = 0; round < 3; round++) {
    const held = Array.from({ length: 3_000 }, () => pool.take(64));
    for (const piece of held) {
      assert.ok(piece.bytes.every((byte) => byte === 0));
      piece.bytes.fill(0xff);
    }
    for (const piece of held) piece.free();
  }
  assert.equal(pool.use().pieces, 0);
  assert.equal(pool.use().lockedBytes, 2 * 131_072);
});

test('pieces never overlap', () => {
  const pool = new LockedMemory();
  const pieces = Array.from({ length: 500 }, (_, index) => pool.take(1 + ((index * 37) % 2_000)));
  pieces.forEach((piece, index) => {
    piece.bytes.fill(index % 251);
  });
  pieces.forEach((piece, index) => {
    assert.ok(piece.bytes.every((byte) => byte === index % 251));
  });
  for (const piece of pieces) piece.free();
});

test('a hidden front is zeroed with the rest', () => {
  const secret = SecretBytes.copyOf(Buffer.from('path value'));
  const whole = secret.bytes;
  assert.equal(secret.dropFront(5).bytes.toString(), 'value');
  assert.equal(secret.length, 5);
  secret.release();
  assert.ok(whole.every((byte) => byte === 0));
});

test('nothing that prints an object shows a secret', () => {
  using secret = SecretBytes.copyOf(Buffer.from('hunter2'));
  const shown = [`${secret}`, JSON.stringify({ secret }), inspect({ secret }, { showHidden: true, depth: 9 })].join(
    ' ',
  );
  assert.ok(!shown.includes('hunter2'));
  assert.ok(!shown.includes(Buffer.from('hunter2').toString('hex')));
  assert.ok(!/68 75 6e/.test(shown));
  assert.equal(JSON.stringify(secret), '"[secret]"');
});

test('a secret in a using declaration is released at the end of its block', () => {
  let view: Uint8Array;
  {
    using secret = SecretBytes.random(32);
    view = secret.bytes;
  }
  assert.ok(view.every((byte) => byte === 0));
});

test('wiping reaches exactly the view', () => {
  const bytes = Buffer.from('keep secret keep');
  wipe(bytes.subarray(5, 11));
  wipe(new Uint8Array(0));
  assert.equal(bytes.toString('latin1'), `keep ${'\0'.repeat(6)} keep`);
});

test('running out of locked memory is a clear error, and what is freed can be taken again', () => {
  const script = `
    import assert from 'node:assert/strict';
    import { LockedMemoryExhaustedError, SecretBytes } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)};
    if (process.getuid() === 0) { process.setgroups([]); process.setgid(65534); process.setuid(65534); }
    const held = [];
    assert.throws(() => { for (let i = 0; i < 1000; i++) held.push(SecretBytes.random(100_000)); }, (error) =>
      error instanceof LockedMemoryExhaustedError && /LimitMEMLOCK/.test(error.message));
    assert.ok(held.length > 0);
    held.pop().release();
    SecretBytes.random(100_000).release();`;
  const run = spawnSync('/bin/sh', [
    '-c',
    `ulimit -l 2048 && exec "$0" --input-type=module -e "$1"`,
    process.execPath,
    script,
  ]);
  assert.equal(run.status, 0, run.stderr.toString());
});
