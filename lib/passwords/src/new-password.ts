// The random password of a new key, by the options `length` and `charset`.

import { charsets, randomPassword } from './random-password.ts';
import { type PasswordRefused, refuse } from './refused.ts';

/** Longer ones are mistakes. */
const MAX_LENGTH = 1_048_576;

/** Ruby's `to_i`: numbers are cut, texts count as far as they are digits, anything else is 0. */
const lenientLength = (value: unknown): number => {
  if (typeof value === 'number') return Math.trunc(value);
  if (typeof value !== 'string') return 0;
  return Number(/^\s*([-+]?\d+(?:_\d+)*)/.exec(value)?.[1]?.replaceAll('_', '') ?? 0);
};

/** A new password for the caller to wipe. In the manner of Trocla it may be empty and an unknown alphabet is `default`. */
export const newPassword = (
  options: Readonly<Record<string, unknown>>,
  manner: 'safe' | 'trocla',
  random: (target: Uint8Array) => void,
): { readonly kind: 'made'; readonly plain: Uint8Array } | PasswordRefused => {
  const length = lenientLength(options['length']);
  if (!(length <= MAX_LENGTH)) return refuse('invalid-option', `length: at most ${MAX_LENGTH}`, 'length');
  const { charset } = options;
  const known = typeof charset === 'string' ? charsets.get(charset) : undefined;
  if (manner === 'safe') {
    if (length < 1) {
      const configured = options['length'] === undefined ? 'no length is configured' : 'length is not at least 1';
      return refuse('empty-password', `The password would be empty, as ${configured}. Nothing was stored`, 'length');
    }
    if (known === undefined && charset !== undefined && charset !== null) {
      return refuse(
        'invalid-option',
        `charset: none of ${[...charsets.keys()].join(', ')}. Nothing was stored`,
        'charset',
      );
    }
  }
  const alphabet = known ?? charsets.get('default') ?? '';
  return { kind: 'made', plain: randomPassword(Math.max(0, length), alphabet, random) };
};
