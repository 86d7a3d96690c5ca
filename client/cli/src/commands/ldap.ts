// `chatelaine ldap`

import type { Command } from 'commander';
import type { GlobalOptions } from '../instance/config-file.ts';
import { action } from './action.ts';

const servers = () => import('../directory/servers.ts');

export const registerLdap = (program: Command): void => {
  const ldap = program.command('ldap').description('the directory that keeps passwords of users (module "ldap")');
  ldap
    .command('test')
    .summary('see whether its servers can be used')
    .description('Asks each server as for the password of a user, but for nobody’s, and says what is wrong.')
    .option('--json', 'print JSON')
    .action(action<GlobalOptions & { json?: boolean }>(async (options) => (await servers()).testServers(options)));
  ldap
    .command('bind-password')
    .summary('set the password of the account that searches')
    .description('Sets the password of ldap.search_as, from a prompt or from stdin. It is kept in the keep.')
    .option('--remove', 'take it away instead')
    .action(
      action<GlobalOptions & { remove?: boolean }>(async (options) => (await servers()).setBindPassword(options)),
    );
};
