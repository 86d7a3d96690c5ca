// `chatelaine keyring list`

import { print, printJson } from '../terminal/output.ts';
import { printable } from '../terminal/printable.ts';
import type { KeyringOptions } from './keyring-options.ts';
import { openStore } from './open-store.ts';
import { refusing } from './refusals.ts';

export interface ListOptions extends KeyringOptions {
  readonly json?: boolean;
}

export const listSecrets = (service: string | undefined, options: ListOptions): Promise<void> =>
  refusing(async () => {
    const store = await openStore(options);
    const names = service === undefined ? store.descriptions() : store.findAccounts(service);
    if (options.json === true) await printJson(names);
    else await print(names.map((name) => `${printable(name)}\n`).join(''));
  });
