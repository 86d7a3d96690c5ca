// `chatelaine session gc`: removes what nobody can use any more.

import { sweepSessions } from '@chatelaine/session';
import { say } from '../terminal/output.ts';

export const gc = async (): Promise<void> => {
  const count = sweepSessions();
  say(`${count} ${count === 1 ? 'session' : 'sessions'} removed.`);
};
