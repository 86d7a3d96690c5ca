// `chatelaine user`

import { Argument, type Command } from 'commander';
import type { CheckOptions, SetOptions } from '../directory/entries.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import type { AddOptions } from '../user/users.ts';
import { action } from './action.ts';

const collect = (value: string, earlier: readonly string[]): readonly string[] => [...earlier, value];
const users = () => import('../user/users.ts');

const entries = () => import('../directory/entries.ts');

const registerDirectory = (user: Command): void => {
  const directory = user.command('directory').description('users whose password a directory keeps (module "ldap")');
  directory
    .command('set')
    .summary('say which entry of the directory is theirs')
    .description('Says which entry of the directory is theirs, and which code they give besides its password.')
    .argument('<NAME>')
    .option('--as <TEXT>', 'what they are called there (default: NAME)')
    .option('--needs <KIND>', 'the code: none, totp, hotp or yubikey', 'none')
    .action(action<SetOptions>(async (options, name = '') => (await entries()).setEntry(name, options)));
  directory
    .command('show')
    .description('show who has an entry')
    .argument('[NAME]')
    .option('--json', 'print JSON')
    .action(
      action<GlobalOptions & { json?: boolean }>(async (options, name = '') =>
        (await entries()).showEntries(name, options),
      ),
    );
  directory
    .command('check')
    .summary('check their password')
    .description(
      'Checks their password with the directory, from a prompt or a line of stdin. A code that is right is spent.',
    )
    .argument('<NAME>')
    .option('--with-code', 'and a code of theirs, from a prompt or the next line of stdin')
    .option('--json', 'print JSON')
    .action(action<CheckOptions>(async (options, name = '') => (await entries()).checkEntry(name, options)));
  directory
    .command('unset')
    .description('forget which entry is theirs; nothing is changed in the directory')
    .argument('<NAME>')
    .action(action<GlobalOptions>(async (options, name = '') => (await entries()).unsetEntry(name, options)));
  directory
    .command('allow-tries')
    .description('forget the wrong passwords that were given for a user')
    .argument('<NAME>')
    .action(action<GlobalOptions>(async (options, name = '') => (await entries()).allowTries(name, options)));
};

export const registerUser = (program: Command): void => {
  const user = program.command('user').description('people who may log in (module "users")');
  user
    .command('add')
    .description('add a user')
    .argument('<NAME>', 'letters, digits, ".", "_" and "-"')
    .option('--full-name <TEXT>', 'what people call them')
    .option('--group <GROUP>', 'a group they are in; may be repeated', collect, [])
    .option('--key <FILE>', 'an SSH public key by which they log in')
    .action(action<AddOptions>(async (options, name = '') => (await users()).addUser(name, options)));
  user
    .command('list')
    .description('list the users')
    .option('--json', 'print JSON')
    .action(action<GlobalOptions & { json?: boolean }>(async (options) => (await users()).listUsers(options)));
  user
    .command('show')
    .description('show one user')
    .argument('<NAME>')
    .option('--json', 'print JSON')
    .action(
      action<GlobalOptions & { json?: boolean }>(async (options, name = '') => (await users()).showUser(name, options)),
    );
  user
    .command('enable')
    .description('let a user in again')
    .argument('<NAME>')
    .action(action<GlobalOptions>(async (options, name = '') => (await users()).enableUser(name, options)));
  user
    .command('disable')
    .description('keep a user out; their sessions are over')
    .argument('<NAME>')
    .action(action<GlobalOptions>(async (options, name = '') => (await users()).disableUser(name, options)));
  user
    .command('remove')
    .description('remove a user')
    .argument('<NAME>')
    .option('-y, --yes', 'do not ask')
    .action(
      action<GlobalOptions & { yes?: boolean }>(async (options, name = '') =>
        (await users()).removeUser(name, options),
      ),
    );
  user
    .command('groups')
    .description('set the groups a user is in; without any, none')
    .argument('<NAME>')
    .argument('[GROUP...]')
    .action(
      action<GlobalOptions>(async (options, name = '', ...groups) =>
        (await users()).setUserGroups(name, groups, options),
      ),
    );
  user
    .command('pass-phrase')
    .summary('set the pass phrase of a user')
    .description('Sets the pass phrase of a user, from a prompt or from stdin.')
    .argument('<NAME>')
    .option('--remove', 'take it away instead')
    .action(
      action<GlobalOptions & { remove?: boolean }>(async (options, name = '') =>
        (await users()).setUserPassPhrase(name, options),
      ),
    );
  user
    .command('code-at-login')
    .summary('say whether a user gives a one-time code to log in')
    .description(
      'Says whether a user gives a one-time code to log in: "required" besides their pass phrase or SSH key; "enough": a code ' +
        'alone will do; or "optional". A code that is given has to be right anyway.',
    )
    .argument('<NAME>')
    .addArgument(new Argument('<WHETHER>').choices(['optional', 'required', 'enough']))
    .action(
      action<GlobalOptions>(async (options, name = '', whether = '') =>
        (await users()).setCodeAtLogin(name, whether, options),
      ),
    );
  const key = user.command('key').description('the SSH keys of a user');
  key
    .command('add')
    .description('add a public key')
    .argument('<NAME>')
    .argument('<FILE>', 'a .pub file')
    .action(
      action<GlobalOptions>(async (options, name = '', file = '') => (await users()).addUserKey(name, file, options)),
    );
  key
    .command('remove')
    .description('take a public key away')
    .argument('<NAME>')
    .argument('<FINGERPRINT>', 'as show has it')
    .action(
      action<GlobalOptions>(async (options, name = '', fingerprint = '') =>
        (await users()).removeUserKey(name, fingerprint, options),
      ),
    );
  registerDirectory(user);
};
