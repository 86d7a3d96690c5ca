// `chatelaine session get`: the key of a vault, as bytes.

import { print } from '../terminal/output.ts';
import { orFail } from './failure-of.ts';
import { openOwnSession } from './own-session.ts';

/** Resolves when the system has taken the bytes, so that they may be wiped. */
const write = (bytes: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
  });

export const get = async (vault?: string): Promise<void> => {
  using session = openOwnSession();
  const { key } = orFail(session.key(vault));
  using secret = key;
  await write(secret.bytes);
  if (process.stdout.isTTY) await print('\n');
};
