// `chatelaine session lock`: forgets all keys, and keeps the session.

import { say } from '../terminal/output.ts';
import { orFail } from './failure-of.ts';
import { openOwnSession } from './own-session.ts';

export const lock = async (): Promise<void> => {
  using session = openOwnSession();
  orFail(session.lock());
  say('The keys of all vaults are forgotten.');
};
