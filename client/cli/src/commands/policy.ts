// `chatelaine policy test | grant | revoke | list | plan | apply`

import type { Command } from 'commander';
import type { GlobalOptions } from '../instance/config-file.ts';
import type { ApplyOptions } from '../policy/apply.ts';
import type { GrantOptions } from '../policy/grant.ts';
import type { ListOptions } from '../policy/list.ts';
import { action } from './action.ts';

const WHO = 'admin:NAME, token:NAME, user:NAME or group:NAME';
const CAPABILITY = 'such as machines.read; machines.* are all of a feature, * all there are';
const PATH = 'segments joined by "/"; "*" is one segment, "**" any number of them';
const FILE = 'TOML with a [[grant]] for each: principal, capability, path, and if it ends, until; "-" for stdin';

const registerGrants = (policy: Command): void => {
  policy
    .command('grant')
    .summary('let somebody do something')
    .description(
      'Lets a principal or group use a capability on some paths. A token can ask only what is public, whatever is granted.',
    )
    .argument('<WHO>', WHO)
    .argument('<CAPABILITY>', CAPABILITY)
    .argument('<PATH>', PATH)
    .option('--expires <DURATION>', 'how long it holds, such as 8h; without it, it does not end')
    .action(
      action<GrantOptions>(async (options, who = '', capability = '', path = '') =>
        (await import('../policy/grant.ts')).grant(who, capability, path, options),
      ),
    );
  policy
    .command('revoke')
    .description('take a grant back; it is gone from the moment this ends')
    .argument('<WHO>', WHO)
    .argument('<CAPABILITY>', 'as it was granted')
    .argument('<PATH>', 'as it was granted')
    .action(
      action<GlobalOptions>(async (options, who = '', capability = '', path = '') =>
        (await import('../policy/grant.ts')).revoke(who, capability, path, options),
      ),
    );
  policy
    .command('list')
    .description('list who may do what')
    .argument('[WHO]', `only of ${WHO}`)
    .option('--json', 'print JSON')
    .action(action<ListOptions>(async (options, who) => (await import('../policy/list.ts')).listGrants(who, options)));
};

export const registerPolicy = (program: Command): void => {
  const policy = program.command('policy').description('who may do what');
  policy
    .command('test')
    .summary('explain whether somebody may do something')
    .description('Explains whether a principal may use a capability on a path. Ends with 1 if not. Changes nothing.')
    .argument('<WHO>', 'such as token:ci or gate:gate')
    .argument('<CAPABILITY>', 'such as machines.fetch')
    .argument('<PATH>', 'such as web1')
    .option('--json', 'print JSON')
    .action(
      action<GlobalOptions & { json?: boolean }>(async (options, who = '', capability = '', path = '') =>
        (await import('../policy/test.ts')).testPolicy(who, capability, path, options),
      ),
    );
  registerGrants(policy);
  policy
    .command('plan')
    .summary('say what apply would change')
    .description('Says what "policy apply" would change. Ends with 1 if that is anything. Changes nothing.')
    .argument('<FILE>', FILE)
    .option('--json', 'print JSON')
    .action(
      action<GlobalOptions & { json?: boolean }>(async (options, file = '') =>
        (await import('../policy/apply.ts')).planPolicy(file, options),
      ),
    );
  policy
    .command('apply')
    .summary('make the grants what a file says')
    .description('Makes the grants what a file says: what it does not name is revoked. Shows the changes, then asks.')
    .argument('<FILE>', FILE)
    .option('-y, --yes', 'do not ask')
    .action(
      action<ApplyOptions>(async (options, file = '') =>
        (await import('../policy/apply.ts')).applyPolicy(file, options),
      ),
    );
};
