// How both sides of the validation protocol sign: HMAC-SHA-1 over all pairs but `h`, sorted by name, `name=value` joined by `&`, as
// the bytes that they are. Validation Protocol Version 2.0, "Signatures".

import type { yubiotp } from '@chatelaine/contract';
import { areEqualBytes } from '@chatelaine/secret';
import { hmac } from '../../otp/hmac.ts';

const SIGNATURE = 'h';

/** Signs pairs whose characters are a byte each; Base64. Nobody's key is empty. */
export const signPairs = (pairs: readonly yubiotp.ValidationPair[], secret: Uint8Array): string => {
  const message = pairs
    .filter(({ name }) => name !== SIGNATURE)
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .map(({ name, value }) => `${name}=${value}`)
    .join('&');
  return hmac('sha1', secret, Buffer.from(message, 'latin1')).toString('base64');
};

/** Whether it is the signature of these pairs, found out in the same time wherever it differs. */
export const isSignatureOf = (
  signature: string,
  pairs: readonly yubiotp.ValidationPair[],
  secret: Uint8Array,
): boolean => areEqualBytes(Buffer.from(signature, 'latin1'), Buffer.from(signPairs(pairs, secret), 'latin1'));
