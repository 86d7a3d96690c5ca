// `chatelaine keyslot add --shares N --threshold K --out DIR`: a slot that some of many shares open, each in a file of its own.

import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { keyslots } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { printJson, say } from '../terminal/output.ts';

const ADD_DEADLINE_MS = 120_000;

export interface AddSharesOptions extends GlobalOptions {
  readonly shares: number;
  readonly threshold?: number;
  readonly out?: string;
  readonly label?: string;
  readonly json?: boolean;
}

const writeShare = async (path: string, text: Uint8Array): Promise<void> => {
  await using file = await open(path, 'wx', 0o600);
  await file.writeFile(text);
  await file.sync();
};

/** A directory that is there and takes files; the slot is made only then. */
const prepareDirectory = async (directory: string): Promise<void> => {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const probe = join(directory, `.probe-${process.pid}`);
    await writeShare(probe, new Uint8Array());
    const { unlink } = await import('node:fs/promises');
    await unlink(probe);
  } catch (error) {
    throw new Failure('input', `${directory} cannot be written: ${(error as NodeJS.ErrnoException).code}.`);
  }
};

export const addSharesKeyslot = ({ shares: count, ...options }: AddSharesOptions): Promise<void> => {
  const { threshold, out, label = '' } = options;
  if (threshold === undefined)
    throw new Failure('usage', '--shares needs --threshold: how many of them open the keep.');
  if (out === undefined) throw new Failure('usage', '--shares needs --out: the directory for the files.');
  if (threshold > count) throw new Failure('usage', '--threshold is at most the number of shares.');
  return askKeep(options, async (client) => {
    const directory = resolve(out);
    await prepareDirectory(directory);
    const input = { label, threshold, shares: count };
    const { slot, shares } = answerOf(await client.call(keyslots.addShares, input, { deadlineMs: ADD_DEADLINE_MS }));
    const files: string[] = [];
    try {
      for (const [index, text] of shares.entries()) {
        const file = join(directory, `${slot.id}-share-${index + 1}-of-${count}.txt`);
        await writeShare(file, text);
        files.push(file);
      }
      await using parent = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
      await parent.sync();
    } catch (error) {
      const hint = `Remove the slot and try again: chatelaine keyslot remove ${slot.id}`;
      throw new Failure('input', `A share cannot be written: ${(error as NodeJS.ErrnoException).code}.`, hint);
    } finally {
      for (const text of shares) text.fill(0);
    }
    if (options.json === true) return await printJson({ slot, files });
    for (const file of files) say(file);
    say(
      `Any ${threshold} of these ${count} shares open the keep and its backups now. Give each to another person, then delete it here.`,
    );
  });
};
