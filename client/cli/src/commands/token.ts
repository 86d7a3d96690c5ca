// `chatelaine token create | list | revoke`

import type { Command } from 'commander';
import type { GlobalOptions } from '../instance/config-file.ts';
import type { CreateOptions } from '../token/create.ts';
import { action } from './action.ts';

const collect = (value: string, earlier: readonly string[]): readonly string[] => [...earlier, value];

const NAME = 'its name: small letters, digits, ".", "_" and "-"';

export const registerToken = (program: Command): void => {
  const token = program.command('token').description('credentials of scripts and services for the HTTP API');
  token
    .command('create')
    .summary('make a token')
    .description(
      'Makes a token and prints it, once: the keep knows only its hash. What it may do is granted with --grant, later with ' +
        '"policy grant", or to one of its groups.',
    )
    .argument('<NAME>', NAME)
    .option('--expires <DURATION>', 'how long it is good, such as 30d or "1w 2d"; "never"', '90d')
    .option(
      '--grant <CAPABILITY:PATH>',
      'what it may do and on which paths, such as "machines.read:zurich/**"; may be repeated',
      collect,
      [],
    )
    .option('--group <GROUP>', 'a group that it belongs to; may be repeated', collect, [])
    .option('--json', 'print JSON')
    .action(
      action<CreateOptions>(async (options, name = '') =>
        (await import('../token/create.ts')).createToken(name, options),
      ),
    );
  token
    .command('list')
    .description('list tokens, also those that expired or were revoked')
    .option('--json', 'print JSON')
    .action(
      action<GlobalOptions & { json?: boolean }>(async (options) =>
        (await import('../token/list.ts')).listTokens(options),
      ),
    );
  token
    .command('revoke')
    .summary('take a token back')
    .description('Takes a token back: it is good for nothing from the moment this ends. Its grants go with it.')
    .argument('<NAME>', NAME)
    .action(
      action<GlobalOptions>(async (options, name = '') =>
        (await import('../token/revoke.ts')).revokeToken(name, options),
      ),
    );
};
