// `chatelaine session lock`: forgets all keys, and keeps the session.

import { forgetLoginsInKeyring } from '../server/kept-login.ts';
import { say } from '../terminal/output.ts';
import { orFail } from './failure-of.ts';
import { openOwnSession } from './own-session.ts';

export const lock = async (): Promise<void> => {
  using session = openOwnSession();
  orFail(session.lock());
  await forgetLoginsInKeyring(session);
  say('The keys of all vaults are forgotten.');
};
