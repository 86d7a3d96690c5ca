// The subcommand password-prompt: a plugin that asks the person at the terminal, as Debian's askpass does. It is a process of its
// own, so that nothing that another plugin waits for holds it up. password-prompt(8mandos)

import { PromptEndedError, UnseenPrompt } from '@chatelaine/process/unseen-prompt';
import { dieBySignal, onEndSignals } from '../end-signals.ts';
import { EndedError, exitCode } from '../exit-code.ts';
import { readPluginOptions } from '../plugin-options.ts';
import { isPlymouthRunning } from '../plymouth/find-plymouth.ts';
import type { RunSubcommand } from '../subcommands.ts';
import { writePassword } from '../write-password.ts';
import { diskQuestion } from './disk-question.ts';

const HELP = `usage: chatelaine-unlock password-prompt [OPTION...]

Asks for the password of a disk at the terminal and prints it, without a line end.

  -p, --prefix TEXT   shown before the question
      --prompt TEXT   the question
      --debug         taken for mandos's sake

Exit codes: 0 printed; 1 Plymouth has the terminal; 64 wrong option; 69 no terminal; 74 the terminal is gone.
`;

/** Asks until a line comes: an end of input at the keyboard is no answer. */
const ask = async (question: string): Promise<Buffer> => {
  const prompt = new UnseenPrompt();
  for (;;) {
    try {
      return await prompt.ask(question);
    } catch (error) {
      if (!(error instanceof PromptEndedError)) throw error;
      if (error.reason === 'interrupted') return await dieBySignal('SIGINT');
      if (error.reason !== 'nothing') throw new EndedError(exitCode.io, error.message);
    }
  }
};

export const promptForPassword: RunSubcommand = async (words) => {
  const forms = [
    { name: 'prefix', short: 'p', takesValue: true },
    { name: 'prompt', takesValue: true },
  ];
  const given = readPluginOptions(words, forms, HELP);
  if (isPlymouthRunning()) return exitCode.failed;
  if (!process.stdin.isTTY) throw new EndedError(exitCode.unavailable, 'there is no terminal to ask at');
  const prefix = given.get('prefix');
  const question = `${prefix === undefined ? '' : `${prefix} `}${given.get('prompt') ?? diskQuestion(process.env)}: `;
  const signals = onEndSignals((signal) => {
    process.stdin.setRawMode(false);
    void dieBySignal(signal);
  });
  try {
    const typed = await ask(question);
    writePassword(typed);
    typed.fill(0);
    return exitCode.done;
  } finally {
    signals.ignore();
  }
};
