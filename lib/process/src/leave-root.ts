// How every process of the server gives up root: what only root can make is made first.

import { dirname } from 'node:path';
import { type AccountSettings, becomeAccount, resolveAccount } from './account.ts';
import { preparedRuntimeDirectory } from './runtime-directory.ts';

/**
 * Leaves root behind, with the directories for these runtime files (PID file, socket) made before.
 *
 * @throws {AccountError} as {@link becomeAccount}
 */
export const leaveRoot = (settings: AccountSettings, runtimeFiles: readonly string[]): void => {
  const account = resolveAccount(settings);
  for (const file of runtimeFiles) preparedRuntimeDirectory(dirname(file), account);
  becomeAccount(settings);
};
