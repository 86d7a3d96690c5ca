// `chatelaine keyring del`

import type { ExitName } from '../exit-codes.ts';
import type { KeyringOptions } from './keyring-options.ts';
import { openStore } from './open-store.ts';
import { refusing } from './refusals.ts';

export const deleteSecret = (service: string, user: string, options: KeyringOptions): Promise<ExitName> =>
  refusing(async () => ((await openStore(options)).deletePassword(service, user) ? 'done' : 'refused'));
