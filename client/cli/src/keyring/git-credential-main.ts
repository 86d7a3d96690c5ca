// `git-credential-chatelaine`, as git starts it: a program of its own, since git waits for it. It is the same as
// `chatelaine keyring git-credential`, which has the help.

import { exitCodes } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { answerGit } from './git-credential.ts';

const usage = 'usage: git-credential-chatelaine [--sealed] [--parent KEYRING] get|store|erase';

const run = async (words: readonly string[]): Promise<number> => {
  const options: { sealed?: boolean; parent?: string } = {};
  let operation: string | undefined;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '--sealed') options.sealed = true;
    else if (word === '--parent') options.parent = words[++at] ?? '';
    else if (word.startsWith('-') || operation !== undefined) throw new Failure('usage', usage);
    else operation = word;
  }
  if (operation === undefined) throw new Failure('usage', usage);
  return exitCodes[await answerGit(operation, options)].code;
};

const codeAfter = (error: unknown): number => {
  const isFailure = error instanceof Failure;
  const hint = isFailure && error.hint !== undefined ? `hint: ${error.hint}\n` : '';
  process.stderr.write(
    `chatelaine: ${isFailure ? error.message : `a fault of the program: ${String(error)}`}\n${hint}`,
  );
  return exitCodes[isFailure ? error.exit : 'internal'].code;
};

// Without an await at this level it can be bundled as a script, which starts faster than a module.
void run(process.argv.slice(2))
  .catch(codeAfter)
  .then((code) => {
    process.exitCode = code;
  });
