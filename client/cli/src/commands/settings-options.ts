// Options that say how a machine is treated, the same for one that is enrolled, one that is changed and a branch of them.

import { type Command, InvalidArgumentError } from 'commander';

const people = (text: string): number => {
  if (!/^[1-9]\d?$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1.');
  return Number(text);
};

/** Declares who has to sign or to give a code, and when a secret may leave. */
export const withApprovalOptions = (command: Command): Command =>
  command
    .option('--approvers <NAMES>', 'who has to sign each request, such as anna,ben,cara')
    .option('--require <COUNT>', 'how many of them (default: all)', people)
    .option('--code-of <WHO>', 'of whom one has to give a one-time code for each request, such as anna,group:ops')
    .option('--window <HOURS>', 'when secrets may leave, such as "Mon-Fri 08:00-18:00 Europe/Zurich"');

/** Declares the type. */
export const withTypeOption = (command: Command): Command =>
  command.option('--type <TYPE>', 'what is granted to "type:TYPE" is granted to it');

/**
 * Declares the options.
 *
 * @param isNew whether the command makes a machine, so that there are defaults and nothing to take away
 */
export const withSettingsOptions = (command: Command, isNew: boolean): Command => {
  const byDefault = (text: string): string => (isNew ? ` (default: ${text})` : '');
  command
    .option('--host <HOST>', `where its checker looks${byDefault('NAME')}`)
    .option('--checker <COMMAND>', 'how it is checked: a shell command, or @ssh-host-key, @tls-key, @heartbeat')
    .option('--timeout <DURATION>', `how long it may be silent${byDefault('5m')}`)
    .option('--extended-timeout <DURATION>', `the same, once after it got its secret${byDefault('15m')}`)
    .option('--interval <DURATION>', `between checks${byDefault('2m')}`)
    .option(
      '--approval-delay <DURATION>',
      `how long people may take to decide; 0s asks nobody, or is 10m with --approvers or --code-of${byDefault('0s')}`,
    )
    .option('--approval-duration <DURATION>', `how long a decision about it lasts${byDefault('1s')}`)
    .option('--approve-by-default', `it gets its secret if nobody decided in time${byDefault('so it is')}`)
    .option('--deny-by-default', 'it gets nothing if nobody decided in time');
  withTypeOption(withApprovalOptions(command)).option(
    '--heartbeat-key <FILE>',
    'its Ed25519 public key for @heartbeat, and for "machine token"',
  );
  if (isNew) return command;
  return command
    .option('--no-approvers', 'nobody is named for it any more')
    .option('--no-code-of', 'no one-time code is asked for any more')
    .option('--no-window', 'its secret may leave at any hour')
    .option('--no-heartbeat-key', 'it has no such key any more')
    .option('--no-type', 'its type is that of its place in the tree');
};
