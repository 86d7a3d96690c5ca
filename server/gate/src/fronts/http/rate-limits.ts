// How fast one caller may ask. A token that was good before has an allowance of its own, so that nobody can use it up for
// somebody else; whatever else comes is counted against the address that it comes from. Both tables are bounded: the entry
// that was used longest ago makes room.

import { hash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { RefusalCode, Result } from '@chatelaine/contract';

/** Refusals that only somebody hears whose token is good. */
const givenToTheKnown: ReadonlySet<RefusalCode> = new Set(['denied', 'not-found', 'conflict']);

const MAX_ENTRIES = 10_000;
const STRANGER_BURST = 10;

/** An allowance that fills up again: `perSecond`, at most `most`. */
class Buckets {
  readonly #perSecond: number;
  readonly #most: number;
  readonly #buckets = new Map<string, { level: number; atMs: number }>();

  constructor(perSecond: number, most: number) {
    this.#perSecond = perSecond;
    this.#most = most;
  }

  has(key: string): boolean {
    return this.#buckets.has(key);
  }

  forget(key: string): void {
    this.#buckets.delete(key);
  }

  /** Takes one, if there is one. */
  take(key: string, nowMs: number): boolean {
    const known = this.#buckets.get(key);
    const bucket = known ?? { level: this.#most, atMs: nowMs };
    bucket.level = Math.min(this.#most, bucket.level + ((nowMs - bucket.atMs) * this.#perSecond) / 1_000);
    bucket.atMs = nowMs;
    // The order of a map is that of its insertions: used last, it comes last.
    if (known !== undefined) this.#buckets.delete(key);
    else if (this.#buckets.size >= MAX_ENTRIES) this.#evict();
    this.#buckets.set(key, bucket);
    if (bucket.level < 1) return false;
    bucket.level--;
    return true;
  }

  #evict(): void {
    for (const oldest of this.#buckets.keys()) {
      this.#buckets.delete(oldest);
      return;
    }
  }
}

/** Whom an address stands for: a host, or a network that one has to itself (/64, RFC 6177). */
const neighbourhoodOf = (address: string): string => {
  if (!isIPv6(address)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [before = '', after] = (address.split('%')[0] ?? '').split('::');
  const groups = before === '' ? [] : before.split(':');
  const full = after === undefined ? groups : [...groups, ...Array(Math.max(0, 4 - groups.length)).fill('0')];
  return full.slice(0, 4).join(':');
};

export interface RateLimitOptions {
  readonly perSecond: number;
  readonly strangersPerSecond: number;
  /** Milliseconds that only go forward. */
  readonly now: () => number;
}

/** A caller, as far as the limits know it. */
export interface Caller {
  /** Of the credential: it is not kept. */
  readonly digest?: string;
  readonly source: string;
}

export const callerOf = (credential: Uint8Array | undefined, source: string): Caller =>
  credential === undefined ? { source } : { digest: hash('sha256', credential, 'base64'), source };

export class RateLimits {
  readonly #known: Buckets;
  readonly #strangers: Buckets;
  readonly #now: () => number;

  constructor({ perSecond, strangersPerSecond, now }: RateLimitOptions) {
    this.#known = new Buckets(perSecond, 2 * perSecond);
    this.#strangers = new Buckets(strangersPerSecond, STRANGER_BURST * strangersPerSecond);
    this.#now = now;
  }

  /** Whether this caller may ask now. */
  admits({ digest, source }: Caller): boolean {
    if (digest !== undefined && this.#known.has(digest)) return this.#known.take(digest, this.#now());
    return this.#strangers.take(neighbourhoodOf(source), this.#now());
  }

  /** What an answer of the keep tells about the credential; much tells nothing. */
  learn({ digest }: Caller, result: Result<unknown>): void {
    if (digest === undefined) return;
    const isGood = result.kind === 'ok' || givenToTheKnown.has(result.code);
    if (isGood && !this.#known.has(digest)) this.#known.take(digest, this.#now());
    if (result.kind === 'refused' && result.code === 'unauthenticated') this.#known.forget(digest);
  }
}
