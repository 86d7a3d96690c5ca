// A store's life in a minute, for cutting the power in it: made or opened, writers at the same time, a copy, fencing tokens,
// closed and opened again, and a log so long that it is merged and written over. What was answered is told, a line each. Of
// every writer a window of records lives, so that its counter alone says what must be there. Arguments: path, a
// number for the copy, `short` or `long`.

import { existsSync, writeSync } from 'node:fs';
import { openSqliteStore, type SqliteStore } from '../../sqlite-store.ts';
import {
  bytesOf,
  counterKey,
  LONG_COMMITS,
  numberIn,
  recordKey,
  recordValue,
  WINDOW,
  WRITERS,
} from './expected-records.ts';

const [path = '', number = '0', length = 'short'] = process.argv.slice(2);
const tell = (line: string): void => void writeSync(1, `${line}\n`);

const commitNext = async (store: Store, writer: number, sizeBytes: number | undefined): Promise<void> => {
  const entry = await store.get(bytesOf(counterKey(writer)));
  const number = numberIn(entry?.value) + 1;
  const answer = await store.commit({
    conditions: [{ key: bytesOf(recordKey(writer, number)), absent: true }],
    puts: [
      { key: bytesOf(recordKey(writer, number)), value: recordValue(writer, number, sizeBytes) },
      { key: bytesOf(counterKey(writer)), value: bytesOf(`${number}`) },
    ],
    deletes: [bytesOf(recordKey(writer, number - WINDOW))],
    audit: [{ lane: 0, payload: bytesOf(`${writer} ${number}`) }],
  });
  if (answer.kind !== 'committed') throw new Error(`a commit was answered with ${answer.kind}`);
  tell(`commit ${writer} ${number}`);
};

type Store = Omit<SqliteStore, 'get'> & { get(key: Uint8Array): Promise<{ readonly value: Uint8Array } | undefined> };

const write = async (store: Store, commits: number, sizeBytes?: number): Promise<void> => {
  await Promise.all(
    Array.from({ length: WRITERS }, async (_, writer) => {
      for (let done = 0; done < commits; done++) await commitNext(store, writer, sizeBytes);
    }),
  );
};

const open = async (): Promise<Store> => {
  const store = await openSqliteStore({ path, create: !existsSync(path), purpose: 'development' });
  tell('open');
  return store as Store;
};

let store = await open();
// What is found was made durable by opening it, whether or not it had been answered.
for (let writer = 0; writer < WRITERS; writer++) {
  tell(`commit ${writer} ${numberIn((await store.get(bytesOf(counterKey(writer))))?.value)}`);
}
await write(store, 8);
const lease = await store.lease('watch', 1_000);
tell(`token ${lease?.token}`);
const { revision } = await store.backup(`${path}-copy-${number}`);
tell(`copy ${path.split('/').at(-1)}-copy-${number} ${revision}`);
await write(store, 6);
await store.close();
tell('closed');
store = await open();
await write(store, 10);
if (length === 'long') {
  // The log grows past its limit, is merged while it stays, and is written over from its beginning.
  await write(store, LONG_COMMITS, 120_000);
  await write(store, 10);
}
// Ends as a kill would: the log stays.
process.kill(process.pid, 'SIGKILL');
