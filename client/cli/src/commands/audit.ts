// `chatelaine audit`

import { type Command, InvalidArgumentError } from 'commander';
import type { GlobalOptions } from '../instance/config-file.ts';
import type { ListAuditOptions } from '../keep/audit.ts';
import { action } from './action.ts';

const wholeNumber = (text: string): number => {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1.');
  return Number(text);
};

export const registerAudit = (program: Command): void => {
  const audit = program.command('audit').description('the record of what was decided and changed');
  audit
    .command('list')
    .description('list records, newest first')
    .option('--object <PATH>', 'only those about this, such as machines/web1')
    .option('--limit <COUNT>', 'at most so many', wholeNumber, 50)
    .option('--json', 'print JSON')
    .action(action<ListAuditOptions>(async (options) => (await import('../keep/audit.ts')).listAudit(options)));
  audit
    .command('tail')
    .description('show records as they are written')
    .option('--json', 'print JSON, a record a line')
    .action(
      action<GlobalOptions & { json?: boolean }>(async (options) =>
        (await import('../keep/audit.ts')).tailAudit(options),
      ),
    );
  audit
    .command('verify')
    .summary('check that the record is complete and unchanged')
    .description('Checks the whole chain and names the exact place where it is broken. Works while the keep is sealed.')
    .option('--json', 'print JSON')
    .action(
      action<GlobalOptions & { json?: boolean }>(async (options) =>
        (await import('../keep/audit.ts')).verifyAudit(options),
      ),
    );
};
