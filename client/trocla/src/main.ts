// `trocla` as it was always called, on Trocla's own stores.

import { existsSync, writeSync } from 'node:fs';
import { runAction } from './actions.ts';
import { readCommandLine } from './command-line.ts';

/** The release whose behaviour this is. */
const VERSION = '0.10.0';

const HELP = `Usage: trocla [options]
    -V, --version                    Version information
    -c, --config CONFIG              Configuration file
        --trace                      Show stack trace on failure
        --no-random                  Do not make a random password if no plain one is stored
        --no-format                  Let \`set\` store the password as it is
        --length LENGTH              Length of a random password
    -p, --password [PASSWORD]        Password for \`set\`; without a value it is read from stdin
`;

/** All of it, also into a pipe whose reader is slow. */
const write = (descriptor: number, content: Uint8Array | string): void => {
  const bytes = Buffer.from(content);
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(descriptor, bytes, done);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') return;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
};

const complain = (message: string): void => write(2, `${message}\n`);

/** As Ruby's `puts`: one line break, unless there is one. */
const print = (output: Uint8Array | string): void => {
  write(1, output);
  const last = typeof output === 'string' ? output.at(-1) : output.at(-1) === 10 ? '\n' : undefined;
  if (last !== '\n') write(1, '\n');
};

const run = async (): Promise<number> => {
  const line = readCommandLine(process.argv.slice(2), {
    fileExists: existsSync,
    optionsFirst: process.env['POSIXLY_CORRECT'] !== undefined,
  });
  if ('kind' in line) {
    if (line.kind === 'wrong')
      complain(line.message.startsWith('Cannot find') ? line.message : `trocla: ${line.message}`);
    if (line.kind === 'help') write(1, HELP);
    if (line.kind === 'version') write(1, `${VERSION}\n`);
    return line.kind === 'wrong' ? 1 : 0;
  }
  try {
    const { output, exitCode, complaint } = await runAction(line, (message) => complain(`trocla: ${message}`));
    if (complaint !== undefined) complain(complaint);
    if (output !== undefined) {
      print(output);
      if (typeof output !== 'string') output.fill(0);
    }
    return exitCode;
  } catch (error) {
    const { message, stack } = error as Error;
    complain(`Action failed with the following message: ${message}`);
    complain('(See full trace by running task with --trace)');
    if (line.trace) complain(stack ?? message);
    return 1;
  }
};

void run().then((exitCode) => {
  process.exitCode = exitCode;
});
