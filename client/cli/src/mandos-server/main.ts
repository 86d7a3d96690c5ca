// The `mandos` command: an instance of Chatelaine that takes the place of Mandos's server, with its command line and its files.
// Exit codes: 0 ended as asked, 1 something is wrong, 2 wrong usage.

import { hardenProcess } from '@chatelaine/process';
import { Failure } from '../failure.ts';
import { say } from '../terminal/output.ts';
import { printable } from '../terminal/printable.ts';
import { runCommand } from './run-command.ts';

const codeAfter = (error: unknown): number => {
  const tell = (line: string): void => say(`mandos: ${line}`);
  if (error instanceof Failure) {
    for (const line of error.message.split('\n')) tell(printable(line));
    if (error.hint !== undefined) say(`hint: ${printable(error.hint)}`);
    return error.exit === 'usage' ? 2 : 1;
  }
  // What the system or the house refuses is named in the error's own words; anything else is a fault, with its place.
  const isPlain = error instanceof Error && ('syscall' in error || error.name !== 'Error');
  const isFault = !isPlain || error instanceof TypeError || error instanceof RangeError;
  tell(error instanceof Error ? ((isFault ? error.stack : undefined) ?? error.message) : 'failed');
  return 1;
};

// Whoever listened may be gone; the server is not to end because of it.
process.stderr.on('error', () => undefined);
hardenProcess();
process.exitCode = await runCommand(process.argv.slice(2)).catch(codeAfter);
