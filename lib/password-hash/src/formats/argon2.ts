// Argon2id in PHC form: RFC 9106; Trocla's parameters by default. Argon2i and Argon2d are read, not made.

import { argon2 as computeArgon2 } from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';
import { defineFormat } from '../define-format.ts';
import { areEqualBytes } from '../equal-bytes.ts';
import { wholeNumber } from '../option-types.ts';
import { refuse } from '../refuse.ts';
import { randomBytes } from '../salt.ts';
import { runSlowly } from '../slow-queue.ts';

type Variant = 'argon2id' | 'argon2i' | 'argon2d';

interface Stored {
  readonly variant: Variant;
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly nonce: Buffer;
  readonly tag: Buffer;
}

/** 1 GiB, and so on: what a hash asks for beyond these is not computed. */
const MAX_MEMORY_KIB = 1_048_576;
const MAX_PASSES = 64;
const MAX_LANES = 64;

const form = /^\$(argon2(?:id|i|d))\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([+/0-9A-Za-z]+)\$([+/0-9A-Za-z]+)$/;

const read = (stored: Uint8Array): Stored | undefined => {
  const match = form.exec(Buffer.from(stored).toString('latin1'));
  if (!match) return undefined;
  const [memory = 0, passes = 0, parallelism = 0] = match.slice(2, 5).map(Number);
  const [nonce, tag] = [Buffer.from(match[5] ?? '', 'base64'), Buffer.from(match[6] ?? '', 'base64')];
  if (parallelism < 1 || parallelism > MAX_LANES || passes < 1 || passes > MAX_PASSES) return undefined;
  if (memory < 8 * parallelism || memory > MAX_MEMORY_KIB || nonce.length < 8 || tag.length < 4) return undefined;
  return { variant: match[1] as Variant, memory, passes, parallelism, nonce, tag };
};

const inThread = promisify(computeArgon2);

const compute = (plain: Uint8Array, { variant, memory, passes, parallelism, nonce, tag }: Stored) =>
  runSlowly(() => inThread(variant, { message: plain, nonce, memory, passes, parallelism, tagLength: tag.length }));

const encode = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');

/** A profile written for Ruby has symbols as names. */
const withoutColons = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, cost]) => [name.replace(/^:/, ''), cost]));
};

const costs = z.preprocess(
  withoutColons,
  z
    .strictObject({
      t_cost: wholeNumber(1, MAX_PASSES).default(2),
      m_cost: wholeNumber(8, MAX_MEMORY_KIB).default(19_456),
      parallelism: wholeNumber(1, MAX_LANES).default(1),
      salt_len: wholeNumber(8, 64).default(16),
      output_len: wholeNumber(4, 512).default(32),
    })
    .refine(({ m_cost, parallelism }) => m_cost >= 8 * parallelism, {
      message: 'must be at least 8 for each lane',
      path: ['m_cost'],
    }),
);

/** Argon2id. */
export const argon2 = defineFormat({
  name: 'argon2',
  summary:
    'Argon2id: vaultwarden, Dovecot, web applications. Option argon2: t_cost, m_cost, parallelism, salt_len, output_len.',
  isSlow: true,
  options: z.object({ argon2: costs.prefault({}) }),
  async derive({ plain, options: { argon2: cost }, random }) {
    const stored: Stored = {
      variant: 'argon2id',
      memory: cost.m_cost,
      passes: cost.t_cost,
      parallelism: cost.parallelism,
      nonce: randomBytes(cost.salt_len, random),
      tag: Buffer.alloc(cost.output_len),
    };
    const tag = await compute(plain, stored);
    if ('kind' in tag) return tag;
    const parameters = `m=${stored.memory},t=${stored.passes},p=${stored.parallelism}`;
    const value = `$argon2id$v=19$${parameters}$${encode(stored.nonce)}$${encode(tag)}`;
    return { kind: 'derived', value: Buffer.from(value, 'latin1') };
  },
  async verify(plain, stored) {
    const kept = read(stored);
    if (!kept) return refuse('not-this-format', 'This is no Argon2 hash of version 19, or it costs too much.');
    const tag = await compute(plain, kept);
    if ('kind' in tag) return tag;
    return { kind: areEqualBytes(tag, kept.tag) ? 'match' : 'mismatch' };
  },
  recognizes: (stored) => read(stored) !== undefined,
  needsRehash(stored, { argon2: cost }) {
    const kept = read(stored);
    if (kept?.variant !== 'argon2id') return true;
    return kept.memory < cost.m_cost || kept.passes < cost.t_cost || kept.tag.length < cost.output_len;
  },
});
