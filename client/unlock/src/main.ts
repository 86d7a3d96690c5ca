// The `chatelaine-unlock` command, the machine's own side.

import { EndedError, exitCode } from './exit-code.ts';
import { subcommands } from './subcommands.ts';
import { say } from './words.ts';

const run = async ([name = '', ...words]: readonly string[]): Promise<number> => {
  const subcommand = subcommands.get(name);
  if (subcommand !== undefined) return await (await subcommand.load())(words);
  const { runMandosClient } = await import('./mandos-client/run-mandos-client.ts');
  return await runMandosClient(process.argv.slice(2));
};

const codeAfter = (error: unknown): number => {
  if (error instanceof EndedError) {
    say(error.message);
    if (error.hint !== undefined) say(`hint: ${error.hint}`);
    return error.code;
  }
  // A password may be in hand: the place is said, and nothing of what was worked on.
  const { name, stack = '' } = error instanceof Error ? error : new Error();
  say(`a fault of the program: ${name}`);
  for (const line of stack.split('\n').filter((text) => /^\s+at /.test(text))) say(line);
  return exitCode.system;
};

// What is still open (a farewell, a timer) keeps nobody waiting.
run(process.argv.slice(2))
  .catch(codeAfter)
  .then((code) => process.exit(code));
