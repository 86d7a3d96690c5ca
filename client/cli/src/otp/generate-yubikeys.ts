// `chatelaine otp yubikey generate`: a key file for a batch of YubiKeys that are to be programmed. It is not kept anywhere.

import { Failure } from '../failure.ts';
import { print, say } from '../terminal/output.ts';
import { KEY_FILE_END, KEY_FILE_HEAD, newKeyLine } from './yubikey-secrets.ts';

const MOST_AT_ONCE = 100_000;
const HIGHEST_SERIAL = 2 ** 48 - 1;

export interface GenerateOptions {
  readonly count: string;
  readonly start: string;
}

const numberOf = (option: string, text: string, most: number): number => {
  const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > most) throw new Failure('usage', `${option} is not a number from 1 to ${most}.`);
  return value;
};

export const generateYubikeys = async ({ count, start }: GenerateOptions): Promise<void> => {
  const keys = numberOf('--count', count, MOST_AT_ONCE);
  const first = numberOf('--start', start, HIGHEST_SERIAL - keys);
  await print(KEY_FILE_HEAD);
  for (let serial = first; serial < first + keys; serial++) await print(newKeyLine(serial, Date.now()));
  await print(KEY_FILE_END);
  say(
    `Secrets for ${keys} keys. They are kept nowhere else: store them encrypted, and destroy them once they are imported.`,
  );
};
