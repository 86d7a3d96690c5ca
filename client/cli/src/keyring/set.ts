// `chatelaine keyring set`

import { readPassword } from '../terminal/secret-input.ts';
import { isSealed, type KeyringOptions } from './keyring-options.ts';
import { openStore } from './open-store.ts';
import { refusing } from './refusals.ts';

export interface SetSecretOptions extends KeyringOptions {
  /** Seconds until the kernel forgets it; 0 for never. */
  readonly for?: number;
}

export const setSecret = (service: string, user: string, options: SetSecretOptions): Promise<void> =>
  refusing(async () => {
    const { for: timeoutSeconds } = options;
    const settings = timeoutSeconds === undefined ? {} : { timeoutSeconds };
    const sealed = isSealed(options) ? (await import('./open-sealed.ts')).openSealed(options) : undefined;
    const store = sealed?.store ?? (await openStore(options));
    const secret = await readPassword({ name: 'secret', isNew: true });
    try {
      const run = (): void => store.setPassword(service, user, secret, settings);
      if (sealed === undefined) run();
      else sealed.prepared(run);
    } finally {
      secret.fill(0);
    }
  });
