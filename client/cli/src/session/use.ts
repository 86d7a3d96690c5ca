// `chatelaine session use`: changes which vault is the current one.

import { orFail } from './failure-of.ts';
import { openOwnSession } from './own-session.ts';

export const use = async (vault: string): Promise<void> => {
  using session = openOwnSession();
  orFail(session.use(vault));
};
