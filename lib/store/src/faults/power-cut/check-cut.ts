// What must hold on a disk whose power was cut: the store opens by itself, everything it had answered is there, once and
// whole; of each writer at most one commit more, all of it; the chain is unbroken, every page is sound, and it goes on.

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GroupCommitter } from '../../commit-group.ts';
import { connectReader } from '../../connect.ts';
import { rangeOfPrefix } from '../../key-range.ts';
import { openStoreFile } from '../../open-store-file.ts';
import { RecordReader } from '../../record-reader.ts';
import { StoreError } from '../../store-error.ts';
import { verifyAuditLane } from '../../verify-audit-lane.ts';
import type { Cut } from './cut-everywhere.ts';
import { bytesOf, counterKey, numberIn, recordKey, recordValue, WINDOW, WRITERS } from './expected-records.ts';
import type { Files } from './record-disk.ts';

const identity = { id: '0'.repeat(32), purpose: 'development' } as const;

/** Puts files into a directory and nothing else. */
export const layFiles = (directory: string, files: Files): void => {
  mkdirSync(directory, { recursive: true });
  for (const name of readdirSync(directory)) rmSync(join(directory, name));
  for (const [name, bytes] of files) writeFileSync(join(directory, name), bytes, { mode: 0o600 });
};

/** The commits that were answered, by writer, and the greatest token. */
const toldBy = (told: readonly string[]) => {
  const commits = new Map<number, number>();
  let token = 0;
  for (const line of told) {
    const [what, first, second] = line.split(' ');
    if (what === 'commit') commits.set(Number(first), Number(second));
    if (what === 'token') token = Math.max(token, Number(first));
  }
  return { commits, token, isMade: told.includes('open') };
};

const checkWriter = (reader: RecordReader, writer: number, answered: number, audited: Map<string, number>): number => {
  const counter = numberIn(reader.get(bytesOf(counterKey(writer)))?.value);
  assert.ok(counter >= answered, `writer ${writer}: ${answered} were answered, ${counter} are there`);
  assert.ok(counter <= answered + 1, `writer ${writer}: ${answered} were answered, and there are ${counter}`);
  const { entries } = reader.range(rangeOfPrefix(bytesOf(`record/${writer}/`)), 100, 100_000_000);
  const first = Math.max(1, counter - WINDOW + 1);
  assert.deepEqual(
    entries.map(({ key }) => new TextDecoder().decode(key)),
    Array.from({ length: counter - first + 1 }, (_, index) => recordKey(writer, first + index)),
  );
  for (const [index, { value }] of entries.entries()) {
    const expected = recordValue(writer, first + index, value.length);
    assert.ok(value.length >= 300 && Buffer.compare(value, expected) === 0, `writer ${writer}: a value is whole`);
  }
  for (let number = 1; number <= counter; number++) assert.equal(audited.get(`${writer} ${number}`), 1);
  return counter;
};

const auditedOf = (reader: RecordReader): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const { payload } of reader.audit(0, 1, 100_000)) {
    const text = new TextDecoder().decode(payload);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return counts;
};

const isSound = (path: string): { readonly verdict: unknown; readonly revision: number } => {
  const db = connectReader(path);
  try {
    const { integrity_check: verdict } = db.prepare('PRAGMA integrity_check').get() ?? {};
    return {
      verdict,
      revision: Number(db.prepare("SELECT number FROM head WHERE name = 'revision'").get()?.['number']),
    };
  } finally {
    db.close();
  }
};

/** A copy that has its name is whole; one that was answered has its name. */
const checkCopies = (directory: string, files: Files, told: readonly string[]): void => {
  const answered = new Map(
    told.filter((line) => line.startsWith('copy ')).map((line) => line.split(' ').slice(1) as [string, string]),
  );
  for (const name of answered.keys()) assert.ok(files.has(name), `${name} was answered`);
  for (const name of files.keys()) {
    if (!/-copy-\d+$/.test(name)) continue;
    const { verdict, revision } = isSound(join(directory, name));
    assert.equal(verdict, 'ok', name);
    if (answered.has(name)) assert.equal(revision, Number(answered.get(name)), name);
  }
};

/** Before the store was answered to exist it may be missing; then it can be made. */
const openAfter = (path: string, isMade: boolean): ReturnType<typeof openStoreFile> => {
  try {
    return openStoreFile({ path, purpose: 'development' });
  } catch (error) {
    assert.ok(!isMade && error instanceof StoreError && error.code === 'not-found', String(error));
    return openStoreFile({ path, create: identity });
  }
};

/** Throws AssertionError. `directory` is used and left as it is then. */
export const checkCut = async (directory: string, { files, told }: Pick<Cut, 'files' | 'told'>): Promise<void> => {
  layFiles(directory, files);
  const path = join(directory, 'store.db');
  const { commits, token, isMade } = toldBy(told);
  const { db, lock, revision } = openAfter(path, isMade);
  try {
    const reader = new RecordReader(db, path);
    const chain = {
      audit: async (lane: number, { from, limit }: { from: number; limit: number }) => reader.audit(lane, from, limit),
      auditHeads: async () => reader.heads(),
    };
    const verdict = await verifyAuditLane(chain, 0);
    assert.ok(verdict.kind === 'intact', `the chain breaks: ${verdict.kind} at ${verdict.sequence}`);
    const audited = auditedOf(reader);
    let present = 0;
    for (let writer = 0; writer < WRITERS; writer++)
      present += checkWriter(reader, writer, commits.get(writer) ?? 0, audited);
    assert.equal(verdict.sequence, present, 'no audit record without its commit');
    assert.equal(revision, present, 'no revision without its commit');
    assert.equal(db.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok');
    checkCopies(directory, files, told);
    const committer = new GroupCommitter(db);
    assert.ok(committer.nextLeaseToken() > token, 'a token is never given twice');
    const key = bytesOf('after');
    const [outcome] = committer.commit([
      { conditions: [{ key, absent: true }], puts: [{ key, value: key }], deletes: [], audit: [] },
    ]);
    assert.equal(outcome?.kind === 'committed' && outcome.revision, revision + 1, 'it goes on');
  } finally {
    db.close();
    lock.close();
  }
};
