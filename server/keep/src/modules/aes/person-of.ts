// Who has a name now, as the module `users` knows it.

import type { ModuleServices } from '../../kernel/module.ts';
import type { ModuleTransaction } from '../../kernel/module-transaction.ts';

export interface Person {
  /** When they were added: tells them from a former user of the same name. */
  readonly since: number;
  readonly enabled: boolean;
}

export const personOf = async (
  { ask }: ModuleServices,
  tx: ModuleTransaction,
  user: string,
): Promise<Person | undefined> => {
  const asked = await ask('users', 'person', tx, { name: user });
  return asked.kind === 'ok' ? (asked.value as Person) : undefined;
};
