// The keep's socket, the only file that the group may use.

import { chmodSync, chownSync, lstatSync } from 'node:fs';
import type { Account } from './account.ts';

/**
 * Opens a listening UNIX socket to the group of `owner`: 0660. To be called when it listens; until then the umask keeps it 0700,
 * so that nobody is early. Throws if `path` is not a socket of `owner`.
 */
export const shareSocketWithGroup = (path: string, { uid, gid }: Account): void => {
  const stat = lstatSync(path);
  if (!stat.isSocket() || stat.uid !== uid) throw new Error(`${path} is not a socket of this account`);
  if (stat.gid !== gid) chownSync(path, uid, gid);
  chmodSync(path, 0o660);
};
