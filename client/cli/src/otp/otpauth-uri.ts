// The URI by which phones take up a seed. https://github.com/google/google-authenticator/wiki/Key-Uri-Format

import { toBase32 } from './base32.ts';

/** What the URI says, besides the seed. */
export interface UriOptions {
  readonly kind: 'totp' | 'hotp';
  readonly issuer: string;
  readonly account: string;
  readonly algorithm: 'sha1' | 'sha256' | 'sha512';
  readonly digits: number;
  readonly periodSeconds: number;
  readonly counter: number;
  /** What it is called here: for an import, phones do not look at it. */
  readonly credential?: string;
}

/** Makes the URI. It holds the seed: show it once, to the one person it is for. */
export const otpauthUri = (seed: Uint8Array, options: UriOptions): string => {
  const { kind, issuer, account, algorithm, digits, periodSeconds, counter, credential } = options;
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`;
  const parameters = [
    ['secret', toBase32(seed)],
    ['issuer', encodeURIComponent(issuer)],
    ['algorithm', algorithm.toUpperCase()],
    ['digits', String(digits)],
    kind === 'totp' ? ['period', String(periodSeconds)] : ['counter', String(counter)],
    ...(credential === undefined ? [] : [['credential', encodeURIComponent(credential)]]),
  ];
  return `otpauth://${kind}/${label}?${parameters.map((pair) => pair.join('=')).join('&')}`;
};

/** Whether some phones would silently make other codes. */
export const isUnusual = ({ kind, algorithm, digits, periodSeconds }: UriOptions): boolean =>
  algorithm !== 'sha1' || digits !== 6 || (kind === 'totp' && periodSeconds !== 30);
