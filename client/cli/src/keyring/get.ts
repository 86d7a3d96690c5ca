// `chatelaine keyring get`

import { isatty } from 'node:tty';
import type { ExitName } from '../exit-codes.ts';
import type { KeyringOptions } from './keyring-options.ts';
import { openStore } from './open-store.ts';
import { refusing } from './refusals.ts';
import { writeSecret } from './write-secret.ts';

export const getSecret = (service: string, user: string, options: KeyringOptions): Promise<ExitName> =>
  refusing(async () => {
    const secret = (await openStore(options)).getPassword(service, user);
    if (secret === undefined) return 'refused';
    try {
      writeSecret(secret);
      if (isatty(1)) writeSecret(Buffer.of(0x0a));
      return 'done';
    } finally {
      secret.fill(0);
    }
  });
