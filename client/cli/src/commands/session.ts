// `chatelaine session`

import type { Command } from 'commander';
import type { LogoutOptions } from '../session/logout.ts';
import type { TokenOptions } from '../session/token.ts';
import { action } from './action.ts';

export const registerSession = (program: Command): void => {
  const session = program.command('session').description('keys that live as long as the shell');
  session
    .command('token')
    .summary('begin a session of this shell')
    .description(
      'Prints the token of this shell, to be exported as CHATELAINE_SESSION: eval "$(chatelaine session token --export)". ' +
        'A session that this shell already has goes on.',
    )
    .option('--export', 'print the line of shell code that exports it')
    .option('--new', 'begin another session, though the shell has one')
    .option('--idle <SPAN>', 'end it when it was not used for so long (default: 2d)')
    .option('--lifetime <SPAN>', 'end it after so long in any case (default: 7d)')
    .option('--to-terminal', 'print it though stdout is a terminal')
    .action(action<TokenOptions>(async (options) => (await import('../session/token.ts')).printToken(options)));
  session
    .command('login')
    .summary('keep the key of a vault while the shell lives')
    .description(
      'Keeps the key of a vault in the session, and makes it the current one. The key comes from a prompt, or exactly as it is ' +
        'from stdin.',
    )
    .argument('<VAULT>', 'a name of your choice')
    .action(action(async (_options, vault = '') => (await import('../session/login.ts')).login(vault)));
  session
    .command('use')
    .summary('make a vault the current one')
    .description('Makes a vault that the session is logged in to the current one.')
    .argument('<VAULT>', 'its name')
    .action(action(async (_options, vault = '') => (await import('../session/use.ts')).use(vault)));
  session
    .command('get')
    .summary('print the key of a vault')
    .description('Prints the key of a vault exactly as it is; at a terminal a line end follows.')
    .argument('[VAULT]', 'its name; the current one unless given')
    .action(action(async (_options, vault?: string) => (await import('../session/get.ts')).get(vault)));
  session
    .command('status')
    .summary('show what the session is logged in to')
    .description('Shows what the session is logged in to and how long it lasts, or why the token is of no use here.')
    .option('--json', 'print JSON')
    .action(action<{ json?: boolean }>(async (options) => (await import('../session/status.ts')).status(options)));
  session
    .command('lock')
    .summary('forget the keys of all vaults')
    .description('Forgets the keys of all vaults. The session goes on, and its token stays good for the next login.')
    .action(action(async () => (await import('../session/lock.ts')).lock()));
  session
    .command('logout')
    .summary('end the session, or forget one key')
    .description('Forgets the key of one vault. Without a name it ends the session: its token opens nothing any more.')
    .argument('[VAULT]', 'its name')
    .option('--all', 'end every session of this user on this machine; needs no token')
    .action(
      action<LogoutOptions>(async (options, vault?: string) =>
        (await import('../session/logout.ts')).logout(vault, options),
      ),
    );
  session
    .command('gc')
    .summary('remove sessions whose shell has ended')
    .description('Removes what is left of sessions of this user whose shell, boot or time is over.')
    .action(action(async () => (await import('../session/gc.ts')).gc()));
};
