// A process that does nothing but commit, for the tests that kill it, trace it and take its disk away. Each writer commits one
// after another: a record of its own, its counter, and an audit record. What was answered is told on stdout, a line each:
// `RUN WRITER NUMBER`. Arguments: path, run, writers, commits of each writer (0: until killed).
//
// When the disk fails it tells `fatal CODE`, then `after CODE` for a further commit and `read NUMBER` for what its counter says.

import { writeSync } from 'node:fs';
import { openSqliteStore } from '../sqlite-store.ts';
import { StoreError } from '../store-error.ts';

const [path = '', run = '', writers = '1', commits = '0'] = process.argv.slice(2);
const bytesOf = (word: string): Uint8Array => new TextEncoder().encode(word);
const tell = (line: string): void => {
  for (;;) {
    try {
      writeSync(1, `${line}\n`);
      return;
    } catch (error) {
      // The reader of the pipe is slow.
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    }
  }
};
const codeOf = (error: unknown): string => (error instanceof StoreError ? error.code : String(error));

const store = await openSqliteStore({ path, onFatal: (error) => tell(`fatal ${error.code}`) });

const commitOne = async (writer: number, number: number): Promise<void> => {
  const value = bytesOf(`${number}`.padEnd(1_200, '.'));
  const key = bytesOf(`${run}/${writer}/${String(number).padStart(6, '0')}`);
  const answer = await store.commit({
    conditions: [{ key, absent: true }],
    puts: [
      { key, value },
      { key: bytesOf(`count/${run}/${writer}`), value: bytesOf(`${number}`) },
    ],
    deletes: [],
    audit: [{ lane: 0, payload: bytesOf(`${run} ${writer} ${number}`) }],
  });
  if (answer.kind !== 'committed') throw new Error(`a commit was answered with ${answer.kind}`);
  tell(`${run} ${writer} ${number}`);
};

const writeOn = async (writer: number): Promise<void> => {
  for (let number = 1; commits === '0' || number <= Number(commits); number++) await commitOne(writer, number);
};

try {
  await Promise.all(Array.from({ length: Number(writers) }, (_, writer) => writeOn(writer)));
} catch {
  await commitOne(0, 999_999).catch((error: unknown) => tell(`after ${codeOf(error)}`));
  const counter = await store.get(bytesOf(`count/${run}/0`));
  if (counter !== undefined && !('kind' in counter)) tell(`read ${new TextDecoder().decode(counter.value)}`);
}
await store.close();
