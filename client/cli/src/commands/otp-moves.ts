// `chatelaine otp import`, `export` and `yubikey generate`: credentials from elsewhere and to it.

import type { Command } from 'commander';
import type { GenerateOptions } from '../otp/generate-yubikeys.ts';
import type { YubicoExportOptions } from '../otp/yubico/export-yubico.ts';
import type { YubicoImportOptions } from '../otp/yubico/import-yubico.ts';
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
    .option('--ksm <FILE>', 'a key file of Yubico’s key storage module ("ykksm 1"); - is stdin')
    .option('--ykval <FILE>', 'counters of keys, as ykval-export writes them; - is stdin')
    .option('--clients <FILE>', 'clients of the validation protocol, as ykval-export-clients writes them; - is stdin')
    .option('--openpgp-key <FILE>', 'the secret key, with armour, that the file of Yubico’s servers is encrypted to')
    .option('--signer <FILE>', 'the public keys of those whose signature on an encrypted file is expected')
    .option('--unsigned', 'take an encrypted file that nobody signed')
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
      action<YubicoImportOptions>(async (options) => {
        const isYubico = (options.ksm ?? options.ykval ?? options.clients) !== undefined;
        if (isYubico) return await (await import('../otp/yubico/import-yubico.ts')).importYubico(options);
        return await (await import('../otp/import/import.ts')).importCredentials(options);
      }),
    );
  otp
    .command('export')
    .summary('print seeds for another system')
    .description(
      'Prints the seeds of credentials as otpauth URIs, one a line, for another system. Each is on record as handed out.',
    )
    .argument('[USER]', 'whose (default: everybody’s)')
    .option(
      '--as <FORM>',
      'otpauth; or of all YubiKeys: ksm, a key file of Yubico’s key storage module; ykval, their counters as ykval-import reads them; ' +
        'clients, those of the validation protocol, as ykval-import-clients reads them',
      'otpauth',
    )
    .option('--issuer <TEXT>', 'what phones show beside the name', 'Chatelaine')
    .option('-y, --yes', 'do not ask')
    .action(
      action<YubicoExportOptions>(async (options, user = '') => {
        if (options.as !== 'otpauth') {
          return await (await import('../otp/yubico/export-yubico.ts')).exportYubico(user, options);
        }
        return await (await import('../otp/export.ts')).exportCredentials(user, options);
      }),
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
