// What every command of the tree does when it is called: it hands its options and arguments to code that is loaded only
// then, and its answer, or that of another program that it ran, becomes the exit code.

import type { Command } from 'commander';
import { type ExitName, exitCodes } from '../exit-codes.ts';

/**
 * Makes the action of a command.
 *
 * @param run gets the options of the command and of the program, then the arguments as they were typed, one by one
 */
export const action =
  <Options>(run: (options: Options, ...args: string[]) => Promise<ExitName> | Promise<number> | Promise<void>) =>
  async (...given: unknown[]): Promise<void> => {
    const command = given.at(-1) as Command;
    const ended = await run(command.optsWithGlobals() as Options, ...(given.slice(0, -2).flat() as string[]));
    process.exitCode = typeof ended === 'number' ? ended : exitCodes[ended ?? 'done'].code;
  };
