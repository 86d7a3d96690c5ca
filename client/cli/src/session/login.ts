// `chatelaine session login`: keeps the key of a vault while the shell lives.

import { say } from '../terminal/output.ts';
import { readPassword } from '../terminal/secret-input.ts';
import { orFail } from './failure-of.ts';
import { openOwnSession } from './own-session.ts';

export const login = async (vault: string): Promise<void> => {
  // Opened first, so that nobody types a key for a session that is over.
  using session = openOwnSession();
  const key = await readPassword({ name: 'key', isNew: false });
  try {
    orFail(session.login(vault, key));
  } finally {
    key.fill(0);
  }
  say('Logged in; this vault is the current one.');
};
