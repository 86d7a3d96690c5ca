// `chatelaine keyring unlock`

import { readPassPhrase } from '../terminal/secret-input.ts';
import type { KeyringOptions } from './keyring-options.ts';
import { openSealed } from './open-sealed.ts';
import { refusing } from './refusals.ts';

export interface UnlockOptions extends KeyringOptions {
  /** Seconds after which the kernel locks it; 0 for never. */
  readonly for: number;
}

export const unlockKeyring = (options: UnlockOptions): Promise<void> =>
  refusing(async () => {
    const { store, prepared } = openSealed(options);
    const passPhrase = await readPassPhrase({ name: 'pass phrase', isNew: false });
    try {
      prepared(() => store.unlock(passPhrase, { timeoutSeconds: options.for }));
    } finally {
      passPhrase.fill(0);
    }
  });
