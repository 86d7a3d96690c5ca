// A disk's password where systemd keeps those that were typed: in the kernel, for root's account, for two and a half minutes.
// systemd-ask-password(1), --accept-cached; crypttab(5), password-cache=

import { keyctl, specialKeyring } from '@chatelaine/keyring';

const KEY = 'cryptsetup';
const KEPT_FOR_S = 150;

/** Puts it there, in the place of one that is. The caller wipes the bytes. */
export const cachePassword = (password: Uint8Array): void => {
  const id = keyctl.addKey('user', KEY, password, specialKeyring.user);
  keyctl.setTimeout(id, KEPT_FOR_S);
};
