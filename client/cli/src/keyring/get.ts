// `chatelaine keyring get`

import { fstatSync } from 'node:fs';
import type { ExitName } from '../exit-codes.ts';
import type { KeyringOptions } from './keyring-options.ts';
import { openStore } from './open-store.ts';
import { refusing } from './refusals.ts';
import { writeSecret } from './write-secret.ts';

/** Node's way to know costs milliseconds: it is asked only about what could be one. */
const isTerminal = async (): Promise<boolean> =>
  fstatSync(1).isCharacterDevice() && (await import('node:tty')).isatty(1);

export const getSecret = (service: string, user: string, options: KeyringOptions): Promise<ExitName> =>
  refusing(async () => {
    const secret = (await openStore(options)).getPassword(service, user);
    if (secret === undefined) return 'refused';
    try {
      writeSecret(secret);
      if (await isTerminal()) writeSecret(Buffer.of(0x0a));
      return 'done';
    } finally {
      secret.fill(0);
    }
  });
