// `chatelaine backup FILE`: a consistent copy of the sealed store. The file has its name only once it is complete and
// durable; a copy that was cut off leaves nothing behind.

import { constants } from 'node:fs';
import { link, open, rename, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Client, system } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { failureOf } from '../refused-answer.ts';
import { formatSize } from '../terminal/moment.ts';
import { printJson, say } from '../terminal/output.ts';
import { Progress } from '../terminal/progress.ts';

type Write = (chunk: Uint8Array) => Promise<void>;

/** Hands the copy on, piece by piece; returns its size. Anything but exactly the announced size ends the command. */
const receive = async (client: Client, write: Write): Promise<number> => {
  const items = await client.stream(system.backup, {});
  if ('kind' in items) throw failureOf(items);
  const progress = new Progress();
  let announced: number | undefined;
  let received = 0;
  try {
    for await (const item of items) {
      if ('sizeBytes' in item) {
        announced = item.sizeBytes;
        continue;
      }
      await write(item.chunk);
      received += item.chunk.length;
      progress.show(() => `${formatSize(received)} of ${formatSize(announced ?? received)}`);
    }
  } finally {
    progress.end();
  }
  if (received !== announced) throw new Failure('unreachable', 'The copy was cut off.', 'Ask for it again.');
  return received;
};

const fileFailure = (path: string, error: unknown): unknown => {
  const { code, errno } = error as NodeJS.ErrnoException;
  // Only what the system says about the file; the stream has ends of its own.
  if (errno === undefined) return error;
  if (code === 'EEXIST')
    return new Failure('input', `${path} is there already.`, 'Choose another name, or say --force.');
  return new Failure('input', `${path} cannot be written: ${code}.`);
};

const syncDirectory = async (path: string): Promise<void> => {
  await using directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  await directory.sync();
};

const writeFile = async (client: Client, given: string, isForced: boolean): Promise<number> => {
  const path = resolve(given);
  const partial = `${path}.${process.pid}.partial`;
  let isPartial = false;
  try {
    const file = await open(partial, 'wx', 0o600);
    isPartial = true;
    let size: number;
    try {
      size = await receive(client, async (chunk) => {
        await file.writeFile(chunk);
      });
      await file.sync();
    } finally {
      await file.close();
    }
    // A link refuses to replace, a rename does not.
    if (isForced) await rename(partial, path);
    else await link(partial, path);
    isPartial = !isForced;
    await syncDirectory(dirname(path));
    return size;
  } catch (error) {
    throw fileFailure(given, error);
  } finally {
    if (isPartial) await unlink(partial);
  }
};

const writeStdout = async (client: Client): Promise<number> => {
  if (process.stdout.isTTY)
    throw new Failure('usage', 'A copy of the store is not for a terminal.', 'Redirect stdout.');
  return await receive(
    client,
    (chunk) =>
      new Promise((written, failed) => {
        process.stdout.write(chunk, (error) => (error ? failed(error) : written()));
      }),
  );
};

export interface BackupOptions extends GlobalOptions {
  readonly force?: boolean;
  readonly json?: boolean;
}

/** `-` is stdout. */
export const backUp = (path: string, options: BackupOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const sizeBytes = path === '-' ? await writeStdout(client) : await writeFile(client, path, options.force === true);
    if (options.json === true && path !== '-') await printJson({ file: resolve(path), sizeBytes });
    else say(`${formatSize(sizeBytes)} written. The copy opens with every key slot the keep has now.`);
  });
