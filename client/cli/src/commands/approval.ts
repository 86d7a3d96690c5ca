// `chatelaine pending | approve | deny | approver`

import type { Command } from 'commander';
import type { DecideOptions } from '../approval/decide.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { action } from './action.ts';

type Json = GlobalOptions & { json?: boolean };

const registerDecision = (program: Command, name: 'approve' | 'deny'): void => {
  const isApproved = name === 'approve';
  const command = program.command(name);
  if (isApproved) command.option('--code', 'give a one-time code of --as for it, from a prompt or stdin');
  command
    .summary(isApproved ? 'let a machine that waits have its secret' : 'refuse a machine that waits')
    .description(
      `${isApproved ? 'Approves' : 'Denies'} a request. If people are named for the machine, one of them signs exactly ` +
        'the request that waits, with OpenSSH, after it was shown. Elsewhere it is a decision about whatever the machine ' +
        'asks, for as long as its approval duration says, also ahead of its request.' +
        (isApproved ? ' Where a one-time code is asked for, one of those who are named gives it with --code.' : ''),
    )
    .argument('<WHICH>', 'the name of the machine, or the beginning of the number of the request')
    .option('--as <NAME>', 'who signs (default: whose key it is); without --key an agent holds the key')
    .option('--key <FILE>', 'the private key, or the public one of a key in an agent')
    .option('--print', 'only print what is to be signed, to the last byte, to sign it elsewhere')
    .option('--signature <FILE>', 'a signature by --as that was made elsewhere; "-" is stdin')
    .option('-y, --yes', 'do not ask before it is signed')
    .option('--json', 'print JSON')
    .action(
      action<GlobalOptions & DecideOptions>(async (options, which = '') =>
        (await import('../approval/decide.ts')).decideRequest(which, isApproved, options),
      ),
    );
};

const registerApprovers = (program: Command): void => {
  const approver = program.command('approver').description('people who may be named to approve');
  approver
    .command('add')
    .summary('name a person by their SSH public key')
    .description("Names a person who may approve, by their SSH public key; replaces that person's earlier key.")
    .argument('<NAME>', 'what they are called in --approvers')
    .argument('<FILE>', 'their public key, as ssh-keygen makes it')
    .option('--json', 'print JSON')
    .action(
      action<Json>(async (options, name = '', file = '') =>
        (await import('../approval/approvers.ts')).addApprover(name, file, options),
      ),
    );
  approver
    .command('remove')
    .description('take a person off the approvers')
    .argument('<NAME>', 'who')
    .option('-y, --yes', 'do not ask')
    .action(
      action<GlobalOptions & { yes?: boolean }>(async (options, name = '') =>
        (await import('../approval/approvers.ts')).removeApprover(name, options),
      ),
    );
  approver
    .command('list')
    .description('list the approvers')
    .option('--json', 'print JSON')
    .action(action<Json>(async (options) => (await import('../approval/approvers.ts')).listApprovers(options)));
};

export const registerApproval = (program: Command): void => {
  program
    .command('pending')
    .description('list the requests that wait for a person')
    .option('--json', 'print JSON')
    .action(action<Json>(async (options) => (await import('../approval/pending.ts')).listPending(options)));
  registerDecision(program, 'approve');
  registerDecision(program, 'deny');
  registerApprovers(program);
};
