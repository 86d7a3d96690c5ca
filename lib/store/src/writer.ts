// Entry of the store's threads: the writer, and a backup beside it. Bundled as store-writer.js.

import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { copyStore } from './backup-copy.ts';
import { openStoreFile } from './open-store-file.ts';
import { storeErrorOf } from './sqlite-failure.ts';
import type { Failure, FromBackup, FromWriter, ThreadTask } from './thread-messages.ts';
import { WriteLoop } from './write-loop.ts';

const failureOf = (error: unknown, path: string): Failure => {
  const { code, message } = storeErrorOf(error, path);
  return { kind: 'failed', code, message };
};

if (isMainThread || parentPort === null) throw new Error('this file is started by the store, as a thread');
const port = parentPort;
const task = workerData as ThreadTask;

if (task.task === 'backup') {
  try {
    port.postMessage({ kind: 'copied', ...copyStore(task.source, task.target) } satisfies FromBackup);
  } catch (error) {
    port.postMessage(failureOf(error, task.target) satisfies FromBackup);
  }
} else {
  try {
    const opened = openStoreFile(task);
    const { id, purpose, revision, recoveredBytes, migratedFrom } = opened;
    const tell = (message: string) => port.postMessage({ kind: 'event', level: 'info', message } satisfies FromWriter);
    if (migratedFrom !== undefined) tell(`${task.path}: brought up to date from format ${migratedFrom}`);
    if (recoveredBytes > 0)
      tell(`${task.path}: was not closed; ${recoveredBytes} bytes of its log were looked through`);
    new WriteLoop(port, task.path, task.reserveBytes, opened).start();
    port.postMessage({ kind: 'ready', id, purpose, revision } satisfies FromWriter);
  } catch (error) {
    port.postMessage(failureOf(error, task.path) satisfies FromWriter);
  }
}
