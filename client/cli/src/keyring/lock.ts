// `chatelaine keyring lock`

import { say } from '../terminal/output.ts';
import type { KeyringOptions } from './keyring-options.ts';
import { openSealed } from './open-sealed.ts';
import { refusing } from './refusals.ts';

export const lockKeyring = (options: KeyringOptions): Promise<void> =>
  refusing(() => say(openSealed(options).store.lock() ? 'Locked.' : 'It was locked already.'));
