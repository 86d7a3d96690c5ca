// `chatelaine keyring`

import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../clients-conf/duration.ts';
import type { ExecOptions } from '../keyring/exec.ts';
import { type KeyringOptions, parentChoices } from '../keyring/keyring-options.ts';
import type { ListOptions } from '../keyring/list.ts';
import type { SetSecretOptions } from '../keyring/set.ts';
import type { StatusOptions } from '../keyring/status.ts';
import type { UnlockOptions } from '../keyring/unlock.ts';
import { action } from './action.ts';

const MAX_SECONDS = 0xffff_ffff;
const HOUR_SECONDS = 3_600;

const seconds = (text: string): number => {
  const ms = text === '' ? undefined : parseDuration(text);
  if (ms === undefined || ms / 1_000 > MAX_SECONDS) {
    throw new InvalidArgumentError('It is a duration such as 15m, 8h or 2d; 0s is for ever.');
  }
  return Math.ceil(ms / 1_000);
};

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** A command that works on the store without a lock unless the one with a lock is meant. */
const onEitherStore = (command: Command): Command =>
  onStore(command).option('--sealed', 'the keyring with a lock (default: KEYRING_SEALED=1)');

const onStore = (command: Command): Command =>
  command.addOption(
    new Option('--parent <KEYRING>', 'where the keyring hangs (default: $KEYRING_PARENT, else session)').choices(
      parentChoices,
    ),
  );

export const registerKeyring = (program: Command): void => {
  const keyring = program.command('keyring').description('secrets in the keyring of the kernel');
  registerEntries(keyring);
  registerLock(keyring);
  onEitherStore(keyring.command('exec'))
    .summary('run a command that finds secrets at its descriptors')
    .description(
      'Becomes the command. Each secret is in a pipe, to be read once: at the descriptor that is named, or at one whose path ' +
        'the named variable gets. Ends with 1, and runs nothing, if there is no such entry.',
    )
    .argument('<COMMAND...>', 'the command and its arguments, after --')
    .option(
      '--secret <WHERE=SERVICE:USER>',
      'a descriptor from 0 or a variable, and the entry; may be repeated',
      collect,
    )
    .action(
      action<ExecOptions>(async (options, ...command) =>
        (await import('../keyring/exec.ts')).execWithSecrets(command, options),
      ),
    );
  onEitherStore(keyring.command('git-credential'))
    .summary('answer git, as git-credential-chatelaine')
    .description('Answers git as a credential helper: git config credential.helper chatelaine.')
    .argument('<OPERATION>', 'get, store or erase; others are ignored')
    .action(
      action<KeyringOptions>(async (options, operation = '') =>
        (await import('../keyring/git-credential.ts')).answerGit(operation, options),
      ),
    );
};

const registerEntries = (keyring: Command): void => {
  onEitherStore(keyring.command('get'))
    .summary('print a secret')
    .description('Prints a secret exactly as it is; at a terminal a line end follows. Ends with 1 if there is none.')
    .argument('<SERVICE>', 'what it is for')
    .argument('<USER>', 'whose it is')
    .action(
      action<KeyringOptions>(async (options, service = '', user = '') =>
        (await import('../keyring/get.ts')).getSecret(service, user, options),
      ),
    );
  onEitherStore(keyring.command('set'))
    .summary('keep a secret')
    .description(
      'Keeps a secret, which comes from a prompt, or exactly as it is from stdin. One that is there is replaced, and keeps the ' +
        'time it has yet.',
    )
    .argument('<SERVICE>', 'what it is for')
    .argument('<USER>', 'whose it is')
    .option('--for <DURATION>', 'let the kernel forget it after so long', seconds)
    .action(
      action<SetSecretOptions>(async (options, service = '', user = '') =>
        (await import('../keyring/set.ts')).setSecret(service, user, options),
      ),
    );
  onEitherStore(keyring.command('del'))
    .summary('remove a secret')
    .description('Removes a secret for every process at once. Ends with 1 if there is none.')
    .argument('<SERVICE>', 'what it is for')
    .argument('<USER>', 'whose it is')
    .action(
      action<KeyringOptions>(async (options, service = '', user = '') =>
        (await import('../keyring/del.ts')).deleteSecret(service, user, options),
      ),
    );
  onEitherStore(keyring.command('list'))
    .summary('list entries')
    .description(
      'Lists entries as SERVICE:USER, or the users of one service. It shows no secret, and works while locked.',
    )
    .argument('[SERVICE]', 'only this one')
    .option('--json', 'print JSON')
    .action(
      action<ListOptions>(async (options, service?: string) =>
        (await import('../keyring/list.ts')).listSecrets(service, options),
      ),
    );
  onEitherStore(keyring.command('init'))
    .summary('make the keyring')
    .description(
      'Makes the keyring. With --sealed it asks for a pass phrase the first time, and pins the public key in a file; later it ' +
        'puts the same key into the keyring of a new login.',
    )
    .action(action<KeyringOptions>(async (options) => (await import('../keyring/init.ts')).initKeyring(options)));
};

const registerLock = (keyring: Command): void => {
  onStore(keyring.command('lock'))
    .summary('cut every process off from the secrets')
    .description('Locks the keyring: from now on no process can read a secret from it. Adding goes on.')
    .action(action<KeyringOptions>(async (options) => (await import('../keyring/lock.ts')).lockKeyring(options)));
  onStore(keyring.command('unlock'))
    .summary('let secrets be read')
    .description(
      'Unlocks the keyring for every process of this login. The pass phrase comes from a prompt, or from stdin.',
    )
    .option('--for <DURATION>', 'lock it by itself after so long; 0s is for ever', seconds, HOUR_SECONDS)
    .action(action<UnlockOptions>(async (options) => (await import('../keyring/unlock.ts')).unlockKeyring(options)));
  onStore(keyring.command('guard'))
    .summary('lock when the machine goes to sleep')
    .description('Waits until the machine goes to sleep, locks the keyring first, and ends. Ending it locks too.')
    .action(action<KeyringOptions>(async (options) => (await import('../keyring/guard.ts')).guardKeyring(options)));
  onEitherStore(keyring.command('status'))
    .summary('say where secrets go and whether they can be read')
    .description('Says what keyrings there are. With --sealed it ends with 3 unless the one with a lock is unlocked.')
    .option('--json', 'print JSON')
    .action(action<StatusOptions>(async (options) => (await import('../keyring/status.ts')).showStatus(options)));
};
