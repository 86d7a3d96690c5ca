// PBKDF2 (RFC 8018) in libuv's threads, waiting its turn among the slow ones.

import { pbkdf2 as derive } from 'node:crypto';
import { promisify } from 'node:util';
import type { FormatRefused } from './password-format.ts';
import { runSlowly } from './slow-queue.ts';

const deriveInThread = promisify(derive);

/** More rounds than anybody means: a hash that asks for them would keep a thread busy for minutes. */
export const MAX_PBKDF2_ROUNDS = 20_000_000;

/** What to compute. */
export interface Pbkdf2 {
  readonly digest: 'sha1' | 'sha256' | 'sha512';
  readonly rounds: number;
  readonly salt: Uint8Array;
  readonly length: number;
}

/** Derives `length` bytes, which the caller wipes. Refuses with `busy`. */
export const pbkdf2 = (plain: Uint8Array, { digest, rounds, salt, length }: Pbkdf2): Promise<Buffer | FormatRefused> =>
  runSlowly(() => deriveInThread(plain, salt, rounds, length, digest));
