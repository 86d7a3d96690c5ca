// `chatelaine version`

import type { Command } from 'commander';
import { readVersion } from '../version.ts';
import { action } from './action.ts';

export const registerVersion = (program: Command): void => {
  program
    .command('version')
    .description('print the version')
    .option('--json', 'print JSON')
    .action(
      action<{ json?: boolean }>(async ({ json }) => {
        const version = readVersion();
        process.stdout.write(
          json === true ? `${JSON.stringify({ version, node: process.versions.node })}\n` : `${version}\n`,
        );
      }),
    );
};
