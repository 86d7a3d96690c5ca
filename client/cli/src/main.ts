// The `chatelaine` command.

import { CommanderError } from 'commander';
import { exitCodes } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { buildProgram } from './program.ts';

const codeAfter = (error: unknown): number => {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done.code : exitCodes.usage.code;
  if (error instanceof Failure) {
    process.stderr.write(`chatelaine: ${error.message}\n${error.hint === undefined ? '' : `hint: ${error.hint}\n`}`);
    return exitCodes[error.exit].code;
  }
  process.stderr.write(`chatelaine: a fault of the program: ${error instanceof Error ? error.stack : 'unknown'}\n`);
  return exitCodes.internal.code;
};

try {
  await buildProgram().parseAsync();
} catch (error) {
  process.exitCode = codeAfter(error);
}
