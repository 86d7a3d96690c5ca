// The outermost frame of a process of the server: gives up new privileges before anything else, and turns whatever goes
// wrong into words and an exit code. What a person can mend is said in plain words; for anything else, the place in the
// program is shown too. Exit codes: 0 done, 1 failed, 2 wrong usage, 4 wrong settings.

import { AccountError } from './account.ts';
import { ConfigError } from './config-error.ts';
import { withoutNewPrivileges } from './harden-process.ts';
import { AlreadyRunningError } from './pid-file.ts';

type ErrorClass = abstract new (...args: never[]) => Error;

/** A process of the server. */
export interface ProcessProgram {
  /** Stands before every complaint. */
  readonly name: string;
  /** Wrong settings that are no {@link ConfigError}: their words are enough, exit code 4. */
  readonly settingErrors?: readonly ErrorClass[];
  /** Other errors whose words are enough, besides those of this library and of the system: exit code 1. */
  readonly plainErrors?: readonly ErrorClass[];
  /** Does the work; resolves with the exit code. */
  readonly run: () => Promise<number>;
}

const isOneOf = (error: unknown, classes: readonly ErrorClass[]): boolean =>
  classes.some((known) => error instanceof known);

// parseArgs of node:util.
const isUsageError = (error: unknown): boolean =>
  error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');

const explain = (program: ProcessProgram, error: unknown): number => {
  const isSetting = isOneOf(error, [ConfigError, ...(program.settingErrors ?? [])]);
  const isUsage = isUsageError(error);
  // A file or address that the system refuses is named in the error's own words.
  const isOfSystem = error instanceof Error && 'syscall' in error;
  const isPlain = isOneOf(error, [AccountError, AlreadyRunningError, ...(program.plainErrors ?? [])]);
  const isInWords = isSetting || isUsage || isOfSystem || isPlain;
  const text = error instanceof Error ? (isInWords ? error.message : (error.stack ?? error.message)) : 'failed';
  // The words of a ConfigError begin with its file.
  process.stderr.write(`${error instanceof ConfigError ? '' : `${program.name}: `}${text}\n`);
  return isSetting ? 4 : isUsage ? 2 : 1;
};

/** Runs the program and sets the exit code of this process, or ends it at once if that failed. Never rejects. */
export const runProcess = async (program: ProcessProgram): Promise<void> => {
  withoutNewPrivileges();
  try {
    process.exitCode = await program.run();
  } catch (error) {
    // Whatever it had opened would keep a process alive that does nothing any more.
    process.exit(explain(program, error));
  }
};
