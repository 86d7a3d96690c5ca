// `chatelaine session logout`: real, for every process that has the token.

import { endAllSessions } from '@chatelaine/session';
import { Failure } from '../failure.ts';
import { forgetLoginsInKeyring } from '../server/kept-login.ts';
import { say } from '../terminal/output.ts';
import { orFail } from './failure-of.ts';
import { openOwnSession } from './own-session.ts';

export interface LogoutOptions {
  readonly all?: boolean;
}

export const logout = async (vault: string | undefined, { all }: LogoutOptions): Promise<void> => {
  if (all === true) {
    if (vault !== undefined) throw new Failure('usage', 'Both a vault and --all are given.');
    const count = endAllSessions();
    say(`${count} ${count === 1 ? 'session has' : 'sessions have'} ended.`);
    return;
  }
  using session = openOwnSession();
  if (vault !== undefined) {
    orFail(session.logout(vault));
    say('Its key is forgotten.');
    return;
  }
  await forgetLoginsInKeyring(session);
  session.end();
  say('The session has ended; its token opens nothing any more.');
};
