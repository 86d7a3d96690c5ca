// `chatelaine password import | export`

import type { Command } from 'commander';
import type { ExportOptions } from '../password/export.ts';
import type { ImportOptions } from '../password/import.ts';
import { action } from './action.ts';

export const registerPasswordMoves = (password: Command): void => {
  password
    .command('import')
    .summary('take over the store of a Trocla')
    .description(
      'Takes over every key of the store that a Trocla configuration names: YAML or SQLite, encrypted or not. Says first what it ' +
        'will do, and compares every key at the end.',
    )
    .requiredOption('--trocla <FILE>', 'the troclarc.yaml')
    .option('--check', 'only say what would be done')
    .option('--replace', 'also take over keys that are here with other values; those can be rolled back to')
    .option('--verify-all', 'verify also the hashes that take long, such as bcrypt')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'print what was found, as JSON')
    .action(action<ImportOptions>(async (options) => (await import('../password/import.ts')).importPasswords(options)));
  password
    .command('export')
    .summary('put keys into the store of a Trocla')
    .description('Puts keys, with all their formats, into the store that a Trocla configuration names.')
    .argument('[GLOB]', 'only those that match')
    .requiredOption('--trocla <FILE>', 'the troclarc.yaml')
    .option('--force', 'replace keys that are in that store already')
    .option('-y, --yes', 'do not ask')
    .action(
      action<ExportOptions>(async (options, glob?: string) =>
        (await import('../password/export.ts')).exportPasswords(glob, options),
      ),
    );
};
