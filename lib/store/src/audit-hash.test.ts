import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { auditHash } from './audit-hash.ts';

/** The rows of the table in docs/formats/store.md. */
const readVectors = (): string[][] => {
  const page = readFileSync(new URL('../../../docs/formats/store.md', import.meta.url), 'utf8');
  return [...page.matchAll(/^\| (\d+) \| (\d+) \| ([0-9a-f]{64}) \| ([0-9a-f]+|-) \| ([0-9a-f]{64}) \|$/gm)].map(
    (row) => row.slice(1),
  );
};

it('chains audit records exactly as the vectors of the format page say', () => {
  const vectors = readVectors();
  assert.ok(vectors.length >= 4, 'the page has its vectors');
  for (const [lane, sequence, previous = '', payload = '', expected] of vectors) {
    const hash = auditHash({
      lane: Number(lane),
      sequence: Number(sequence),
      previous: Buffer.from(previous, 'hex'),
      payload: Buffer.from(payload === '-' ? '' : payload, 'hex'),
    });
    assert.equal(hash.toString('hex'), expected);
  }
});

it('throws for a previous hash that is not one', () => {
  assert.throws(
    () => auditHash({ lane: 0, sequence: 1, previous: new Uint8Array(31), payload: new Uint8Array(0) }),
    RangeError,
  );
});
