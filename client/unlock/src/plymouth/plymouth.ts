// The subcommand plymouth: a plugin that asks the person through the boot splash. Plymouth's own client asks and prints; if this is
// ended before there was an answer, so is that, and Plymouth takes its question off the screen. plymouth(1), plymouth(8mandos)

import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dieBySignal, onEndSignals } from '../end-signals.ts';
import { EndedError, exitCode } from '../exit-code.ts';
import { diskQuestion } from '../password-prompt/disk-question.ts';
import { readPluginOptions } from '../plugin-options.ts';
import type { RunSubcommand } from '../subcommands.ts';

const PROGRAM = '/bin/plymouth';

const HELP = `usage: chatelaine-unlock plymouth [OPTION...]

Asks for the password of a disk through the boot splash and prints it.

      --prompt TEXT    the question
      --program FILE   another client than ${PROGRAM}
      --debug          taken for mandos's sake

Exit codes: 0 printed; 1 nothing was typed; 64 wrong option; 69 Plymouth is not there or does not run; 71 it cannot be started.
`;

export const askThroughPlymouth: RunSubcommand = async (words) => {
  const forms = [
    { name: 'prompt', takesValue: true },
    { name: 'program', takesValue: true },
  ];
  const given = readPluginOptions(words, forms, HELP);
  const program = given.get('program') ?? PROGRAM;
  if (!existsSync(program) || spawnSync(program, ['--ping'], { stdio: 'ignore' }).status !== 0) {
    throw new EndedError(exitCode.unavailable, 'Plymouth does not run');
  }
  const question = given.get('prompt') ?? diskQuestion(process.env);
  // Its standard output is ours: the password does not pass through this process.
  const child = spawn(program, ['ask-for-password', `--prompt=${question}`], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const signals = onEndSignals(() => child.kill('SIGTERM'));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', ({ message }) => reject(new EndedError(exitCode.system, message)));
    child.once('exit', resolve);
  });
  if (signals.received !== undefined) return await dieBySignal(signals.received);
  return code === 0 ? exitCode.done : exitCode.failed;
};
