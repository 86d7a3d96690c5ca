// A code opened with the secrets of its key, wherever those are: with its user's in the module `aes`, or with the key itself if it
// is nobody's. The look-ups and the decryption are the same for a key that is not there.

import type { ModuleServices } from '../../kernel/module.ts';
import type { ModuleTransaction } from '../../kernel/module-transaction.ts';
import { seedOf } from '../../otp/credentials-record.ts';
import { openToken, type Token } from './open-token.ts';
import type { YubikeyRecord } from './yubikey-record.ts';

const NOBODY = { user: 'nobody', since: -1, key: 'nobodys' };
const NOBODYS_ID = new Uint8Array(6);
const NOBODYS_KEY = new Uint8Array(16);

/**
 * Reads a code with the secrets of a key, or with those of nobody if there are none.
 *
 * @param open how its block is opened
 */
export const readToken = async (
  services: ModuleServices,
  tx: ModuleTransaction,
  record: YubikeyRecord | undefined,
  block: Uint8Array,
  open = openToken,
): Promise<Token | undefined> => {
  const { user, key, since } = record?.holder ?? NOBODY;
  const handed = await seedOf(services, tx, user, key);
  const ofHolder = handed.kind === 'ok' && handed.value.since === since ? handed.value.value : undefined;
  const secret = record?.holder === undefined ? record?.aesKey : ofHolder;
  const privateId = record?.privateId;
  const isThere = secret?.length === NOBODYS_KEY.length && privateId?.length === NOBODYS_ID.length;
  const token = open(block, (isThere && secret) || NOBODYS_KEY, (isThere && privateId) || NOBODYS_ID);
  return isThere ? token : undefined;
};
