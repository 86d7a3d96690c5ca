// `chatelaine login | logout | sessions`

import type { Command } from 'commander';
import type { GlobalOptions } from '../instance/config-file.ts';
import type { LoginOptions } from '../server/login.ts';
import { action } from './action.ts';

export const registerLogin = (program: Command): void => {
  program
    .command('login')
    .summary('log in at a server, in this shell')
    .description(
      'Logs in at a server by SSH key (--key) or pass phrase, if need be with a one-time code (--code), or by a code alone ' +
        '(--only-code), and keeps the token in the session of this shell: it lasts for some hours, and no longer than the ' +
        'shell. Without a terminal the pass phrase comes from stdin, the code on a line of its own behind it. Then --server (or $CHATELAINE_SERVER) has commands ask that server.',
    )
    .argument('<SERVER>', 'such as https://keys.example.org:8443')
    .option('--user <NAME>', 'who you are there (default: your name here)')
    .option('--key <FILE>', 'an SSH key, or the public one of a key in an agent')
    .option('--code', 'give a one-time code as well')
    .option('--only-code', 'give nothing but a one-time code')
    .option('--life <DURATION>', 'how long it is to last (default: 12h)')
    .option('--fingerprint <SHA256>', 'of the certificate of the server; "system" if the system trusts it')
    .option('-y, --yes', 'do not ask whether the certificate is right')
    .option('--json', 'print JSON, also where it is kept')
    .action(
      action<LoginOptions>(async (options, server = '') => (await import('../server/login.ts')).login(server, options)),
    );
  program
    .command('logout')
    .summary('log out at a server')
    .description('Ends the login of this shell at a server: the token is good for nothing any more, also elsewhere.')
    .argument('<SERVER>', 'its address')
    .action(action(async (_options, server = '') => (await import('../server/logout.ts')).logout(server)));
  const sessions = program.command('sessions').description('who is logged in, on this server');
  sessions
    .command('list')
    .description('list the logins that are good now')
    .option('--json', 'print JSON')
    .action(
      action<GlobalOptions & { json?: boolean }>(async (options) =>
        (await import('../server/sessions.ts')).listSessions(options),
      ),
    );
  sessions
    .command('revoke')
    .description('end a login: its token is good for nothing from the moment this ends')
    .argument('<SESSION>', 'as list shows it')
    .action(
      action<GlobalOptions>(async (options, session = '') =>
        (await import('../server/sessions.ts')).revokeSession(session, options),
      ),
    );
};
