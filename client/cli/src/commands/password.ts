// `chatelaine password`

import type { Command } from 'commander';
import type { GlobalOptions } from '../instance/config-file.ts';
import type { OptionWords } from '../password/option-words.ts';
import type { ShowOnceOptions } from '../password/show-once.ts';
import type { DeleteOptions, ResetOptions, SetOptions } from '../password/values.ts';
import { action } from './action.ts';
import { registerPasswordMoves } from './password-moves.ts';

type Json = GlobalOptions & { json?: boolean };
type Value = Json & { render?: string };

const KEY = 'the name of the password, such as mail/postmaster';
const FORMAT = 'plain, or a format such as sha512crypt';

const collect = (value: string, earlier: readonly string[] = []): readonly string[] => [...earlier, value];

const withMaking = (command: Command): Command =>
  command
    .option('--profile <NAME>', 'a named set of options; may be repeated, the first one wins', collect)
    .option('--length <NUMBER>', 'characters of a new password (16)')
    .option('--charset <NAME>', 'its alphabet: default, alphanumeric, shellsafe, windowssafe, consolesafe, numeric, …')
    .option('--expires <DURATION>', 'when the key expires, such as 30d; "never"')
    .option('--no-random', 'do not make a password if there is none')
    .option('--option <NAME=VALUE>', 'an option of the format, such as cost=12; JSON if it is JSON', collect);

const withRender = (command: Command): Command =>
  command
    .option('--render <PART>', 'a part of the value: pubonly, privonly, certonly, keyonly, …')
    .option('--json', 'print JSON, the value in base64');

const registerValues = (password: Command): void => {
  withRender(password.command('get'))
    .summary('print what is stored')
    .description('Prints what is stored of a key in one format. Makes nothing.')
    .argument('<KEY>', KEY)
    .argument('<FORMAT>', FORMAT)
    .action(
      action<Value>(async (options, key = '', format = '') =>
        (await import('../password/values.ts')).getPassword(key, format, options),
      ),
    );
  withRender(withMaking(password.command('create')))
    .summary('print what is stored, or make it')
    .description(
      'Prints what is stored of a key in one format; if there is none, makes it. Asked again, it is the same.',
    )
    .option('--hash-only', 'the password of a new key is shown once only')
    .argument('<KEY>', KEY)
    .argument('<FORMAT>', FORMAT)
    .action(
      action<Value & OptionWords>(async (options, key = '', format = '') =>
        (await import('../password/values.ts')).createPassword(key, format, options),
      ),
    );
  withMaking(password.command('set'))
    .summary('store a password that you bring along')
    .description(
      'Stores a password, from a prompt or stdin, in one format. "plain" drops every other format of the key.',
    )
    .option('--as-is', 'it is a value of that format already')
    .option('--hash-only', 'the password of a new key is shown once only')
    .argument('<KEY>', KEY)
    .argument('<FORMAT>', FORMAT)
    .action(
      action<SetOptions>(async (options, key = '', format = '') =>
        (await import('../password/values.ts')).setPassword(key, format, options),
      ),
    );
  withRender(withMaking(password.command('reset')))
    .summary('make a value anew and print it')
    .description(
      'Of "plain" makes a new random password: the other formats go with the old one. Any other format is derived again.',
    )
    .option('--keep-derived', 'with "plain": the other formats stay as they are until each is reset')
    .argument('<KEY>', KEY)
    .argument('<FORMAT>', FORMAT)
    .action(
      action<ResetOptions>(async (options, key = '', format = '') =>
        (await import('../password/values.ts')).resetPassword(key, format, options),
      ),
    );
  password
    .command('delete')
    .summary('delete a format or a key, and print it')
    .description('Deletes one format of a key, or the key with all its formats, and prints what it was.')
    .argument('<KEY>', KEY)
    .argument('[FORMAT]', FORMAT)
    .option('-y, --yes', 'do not ask')
    .option('--json', 'print JSON, values in base64')
    .action(
      action<DeleteOptions>(async (options, key = '', format?: string) =>
        (await import('../password/values.ts')).deletePassword(key, format, options),
      ),
    );
  password
    .command('show-once')
    .summary('print the password for the only time')
    .description(
      'Prints the password of a key and destroys it. What was derived from it stays; who saw it is on record.',
    )
    .argument('<KEY>', KEY)
    .option('--derive <FORMAT>', 'make this format before; may be repeated', collect)
    .option('-y, --yes', 'do not ask')
    .option('--json', 'print JSON, the value in base64')
    .action(
      action<ShowOnceOptions>(async (options, key = '') =>
        (await import('../password/show-once.ts')).showPasswordOnce(key, options),
      ),
    );
};

const registerOverview = (password: Command): void => {
  password
    .command('list')
    .description('list the keys, never a value')
    .argument(
      '[GLOB]',
      'only those that match, such as "mail/*" or "postgres_*"; "**" stands for any number of segments',
    )
    .option('--json', 'print JSON')
    .action(
      action<Json>(async (options, glob?: string) =>
        (await import('../password/list.ts')).listPasswords(glob, options),
      ),
    );
  password
    .command('search')
    .summary('list the keys that match a regular expression')
    .description('Lists the keys that match a regular expression, one a line. None is an answer of no.')
    .argument('<PATTERN>', 'a regular expression of JavaScript, found anywhere in the key')
    .option('--json', 'print JSON')
    .action(
      action<Json>(async (options, pattern = '') =>
        (await import('../password/list.ts')).searchPasswords(pattern, options),
      ),
    );
  password
    .command('show')
    .summary('show what is known of a key, never a value')
    .description('Shows the formats of a key, when it expires, who saw its password, and its earlier versions.')
    .argument('<KEY>', KEY)
    .option('--json', 'print JSON')
    .action(
      action<Json>(async (options, key = '') => (await import('../password/list.ts')).showPassword(key, options)),
    );
  password
    .command('roll-back')
    .summary('put an earlier version of a key back')
    .description('Puts an earlier version of a key in place of the present one, which becomes a version itself.')
    .argument('<KEY>', KEY)
    .argument('<VERSION>', 'its number, as show says it')
    .action(
      action<GlobalOptions>(async (options, key = '', version = '') =>
        (await import('../password/roll-back.ts')).rollBackPassword(key, version, options),
      ),
    );
  password
    .command('settings')
    .summary('show or replace the options of all passwords')
    .description(
      'Shows the options, profiles and the grace of earlier versions as JSON; with a file, replaces them by it.',
    )
    .argument('[FILE]', 'JSON as it is shown; - is stdin')
    .action(
      action<GlobalOptions>(async (options, file?: string) =>
        (await import('../password/settings.ts')).passwordSettings(file, options),
      ),
    );
};

export const registerPassword = (program: Command): void => {
  const password = program.command('password').description('passwords and keys that are made once, in every format');
  registerValues(password);
  registerOverview(password);
  registerPasswordMoves(password);
};
