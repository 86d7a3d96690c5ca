// By what the certificate of a server is known.

import { Failure } from '../failure.ts';

const FINGERPRINT = /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/;

/** What `--fingerprint` says: SHA-256 of the certificate as `AA:BB:…`; absent for "system", which trusts it. */
export const parseFingerprint = (text: string): string | undefined => {
  if (text === 'system') return undefined;
  const given = text.toUpperCase();
  if (FINGERPRINT.test(given)) return given;
  throw new Failure('usage', '--fingerprint: must be 32 pairs of hexadecimal digits joined by ":", or "system".');
};
