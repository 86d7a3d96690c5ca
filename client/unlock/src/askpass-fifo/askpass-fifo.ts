// The subcommand askpass-fifo: a plugin that takes the password from the FIFO into which others of an initramfs write it.
// askpass-fifo(8mandos), fifo(7)

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { EndedError, exitCode } from '../exit-code.ts';
import { readPluginOptions } from '../plugin-options.ts';
import type { RunSubcommand } from '../subcommands.ts';
import { writePassword } from '../write-password.ts';

const DEFAULT_FIFO = '/lib/cryptsetup/passfifo';
const CHUNK_BYTES = 65_536;

const HELP = `usage: chatelaine-unlock askpass-fifo [OPTION...]

Makes the FIFO of cryptsetup, waits until a password is written into it, and prints that as it is.

      --fifo FILE   another one than ${DEFAULT_FIFO}
      --debug       taken for mandos's sake

Exit codes: 0 printed; 64 wrong option; 69 no directory for the FIFO; 72 it cannot be made; 71 it cannot be read.
`;

/** Prints what was written until the last writer closed it. */
const passOn = async (fifo: string): Promise<void> => {
  // Waits for a writer in a thread of the pool: signals are still heard.
  await using file = await open(fifo, 'r');
  const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  try {
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
      if (bytesRead === 0) return;
      writePassword(chunk.subarray(0, bytesRead));
    }
  } finally {
    chunk.fill(0);
  }
};

export const readAskpassFifo: RunSubcommand = async (words) => {
  const given = readPluginOptions(words, [{ name: 'fifo', takesValue: true }], HELP);
  const fifo = given.get('fifo') ?? DEFAULT_FIFO;
  const directory = path.dirname(fifo);
  if (!existsSync(directory)) throw new EndedError(exitCode.unavailable, `${directory} is not there`);
  if (!existsSync(fifo)) {
    // Node.js makes none. Somebody else may have made it in the meantime.
    const made = spawnSync('mkfifo', ['-m', '600', '--', fifo], { stdio: 'ignore' });
    if (made.status !== 0 && !existsSync(fifo)) throw new EndedError(exitCode.file, `${fifo} cannot be made`);
  }
  try {
    await passOn(fifo);
    return exitCode.done;
  } catch (error) {
    if (error instanceof EndedError) throw error;
    throw new EndedError(exitCode.system, `${fifo} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
};
