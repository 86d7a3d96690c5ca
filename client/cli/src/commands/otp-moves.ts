// `chatelaine otp import`, `export` and `yubikey generate`: credentials from elsewhere and to it.

import type { Command } from 'commander';
import type { ExportOptions } from '../otp/export.ts';
import type { GenerateOptions } from '../otp/generate-yubikeys.ts';
import type { ImportOptions } from '../otp/import/import.ts';
import { action } from './action.ts';

export const registerMoves = (otp: Command): void => {
  otp
    .command('import')
    .summary('take over credentials of another system')
    .description(
      'Takes over credentials of another system. Everything is read and compared first; with anything wrong nothing is changed, and every wrong line is named. ' +
        'They count from the moment on at which all of them are there.',
    )
    .option('--pskc <FILE>', 'a key container (RFC 6030), plain or encrypted; - is stdin')
    .option('--otpauth <FILE>', 'otpauth URIs, one a line; - is stdin')
    .option(
      '--users <FILE>',
      'whose they are: lines of an id (account, serial number, id of the key), a blank and a user',
    )
    .option(
      '--secret-file <FILE>',
      'the pass phrase of the file, or its pre-shared key in hexadecimal (default: a prompt)',
    )
    .option('--check', 'only say what would be done')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'print JSON')
    .action(
      action<ImportOptions>(async (options) => (await import('../otp/import/import.ts')).importCredentials(options)),
    );
  otp
    .command('export')
    .summary('print seeds for another system')
    .description(
      'Prints the seeds of credentials as otpauth URIs, one a line, for another system. Each is on record as handed out.',
    )
    .argument('[USER]', 'whose (default: everybody’s)')
    .option('--issuer <TEXT>', 'what phones show beside the name', 'Chatelaine')
    .option('-y, --yes', 'do not ask')
    .action(
      action<ExportOptions>(async (options, user = '') =>
        (await import('../otp/export.ts')).exportCredentials(user, options),
      ),
    );
  otp
    .command('yubikey')
    .description('YubiKeys that are still to be programmed')
    .command('generate')
    .summary('make secrets for a batch of YubiKeys')
    .description(
      'Makes secrets for a batch of YubiKeys, and prints them as a key file ("ykksm 1"). They are kept nowhere else.',
    )
    .requiredOption('--count <N>', 'for how many')
    .option('--start <SERIAL>', 'the serial number of the first; ids are made of serial numbers', '1')
    .action(
      action<GenerateOptions>(async (options) =>
        (await import('../otp/generate-yubikeys.ts')).generateYubikeys(options),
      ),
    );
};
