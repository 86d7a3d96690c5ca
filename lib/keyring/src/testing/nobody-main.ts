// What happens to an ordinary account. Started as root, since the runtime may lie where only root can read.

import * as keyctl from '../keyctl.ts';
import { KeyringError } from '../keyring-error.ts';
import { PasswordStore } from '../password-store.ts';

const nobody = Number(process.env['NOBODY']);
process.setgid?.(nobody);
process.setuid?.(nobody);
keyctl.joinSessionKeyring();

const store = new PasswordStore();

const scenes: Readonly<Record<string, () => unknown>> = {
  quota: () => {
    store.setPassword('service', 'user', 'kept');
    const before = store.getText('service', 'user');
    let refused: string | undefined;
    try {
      store.setPassword('service', 'user', Buffer.alloc(32_767, 1));
    } catch (error) {
      refused = error instanceof KeyringError ? error.code : String(error);
    }
    return { before, refused, after: store.getText('service', 'user') };
  },
};

process.stdout.write(JSON.stringify(scenes[process.argv[2] ?? '']?.()));
