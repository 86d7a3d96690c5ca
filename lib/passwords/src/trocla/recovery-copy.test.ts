// A crash at any moment of a change leaves the old state or the new one, never a mixture.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { changeTail, recoverFile } from './recovery-copy.ts';
import { recoveryPath } from './whole-io.ts';

const inDirectory = <Result>(act: (file: string) => Result): Result => {
  const directory = mkdtempSync(path.join(tmpdir(), 'chatelaine-recovery-'));
  try {
    return act(path.join(directory, 'store.yaml'));
  } finally {
    rmSync(directory, { recursive: true });
  }
};

const withFile = <Result>(file: string, act: (descriptor: number) => Result): Result => {
  const descriptor = openSync(file, 'r+');
  try {
    return act(descriptor);
  } finally {
    closeSync(descriptor);
  }
};

const copyOf = (offset: number, before: Buffer, after: Buffer): Buffer => {
  const body = Buffer.concat([before, after]);
  const sum = createHash('sha256').update(body).digest('hex');
  return Buffer.concat([
    Buffer.from(`chatelaine-recovery 1 ${offset} ${before.length} ${after.length} ${sum}\n`),
    body,
  ]);
};

test('a change keeps the file the same file, and leaves no recovery copy behind', () =>
  inDirectory((file) => {
    writeFileSync(file, 'head-old', { mode: 0o640 });
    const { ino } = statSync(file);
    withFile(file, (descriptor) => changeTail(file, descriptor, { offset: 5, bytes: Buffer.from('n') }));
    assert.equal(readFileSync(file, 'utf8'), 'head-n');
    assert.equal(statSync(file).ino, ino);
    assert.equal(existsSync(recoveryPath(file)), false);
  }));

const states = fc.record({
  head: fc.integer({ min: 0, max: 600 }),
  before: fc.uint8Array({ maxLength: 2_500 }),
  after: fc.uint8Array({ maxLength: 2_500 }),
});

test('whichever sectors a crash has written, the change is completed', () => {
  fc.assert(
    fc.property(states, fc.infiniteStream(fc.boolean()), ({ head, before, after }, isWritten) =>
      inDirectory((file) => {
        const [old, fresh] = [Buffer.from(before), Buffer.from(after)];
        const start = Buffer.alloc(head, 0x68);
        const size = Math.max(old.length, fresh.length);
        const torn = Buffer.alloc(head + size);
        for (let at = head; at < head + size; at = (Math.floor(at / 512) + 1) * 512) {
          const end = Math.min(head + size, (Math.floor(at / 512) + 1) * 512);
          const source = isWritten.next().value ? fresh : old;
          torn.set(source.subarray(at - head, end - head), at);
        }
        start.copy(torn);
        writeFileSync(file, torn);
        writeFileSync(recoveryPath(file), copyOf(head, old, fresh));
        withFile(file, (descriptor) => recoverFile(file, descriptor));
        const now = readFileSync(file);
        const [was, is] = [Buffer.concat([start, old]), Buffer.concat([start, fresh])];
        assert.ok(now.equals(is) || now.equals(was));
        assert.equal(existsSync(recoveryPath(file)), false);
      }),
    ),
    { numRuns: 200 },
  );
});

test('what others wrote since is not touched, and the copy is put aside', () =>
  inDirectory((file) => {
    writeFileSync(file, 'head and something else');
    writeFileSync(recoveryPath(file), copyOf(5, Buffer.from('old state that was'), Buffer.from('new state to be!!!')));
    assert.equal(
      withFile(file, (descriptor) => recoverFile(file, descriptor)),
      'put-aside',
    );
    assert.equal(readFileSync(file, 'utf8'), 'head and something else');
    assert.equal(existsSync(`${recoveryPath(file)}.unused`), true);
  }));

test('a recovery copy that was cut off itself is only removed', () =>
  inDirectory((file) => {
    writeFileSync(file, 'whole');
    writeFileSync(recoveryPath(file), copyOf(0, Buffer.from('whole'), Buffer.from('other')).subarray(0, -1));
    assert.equal(
      withFile(file, (descriptor) => recoverFile(file, descriptor)),
      'nothing',
    );
    assert.equal(readFileSync(file, 'utf8'), 'whole');
    assert.equal(existsSync(recoveryPath(file)), false);
  }));
