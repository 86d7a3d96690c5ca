// When an entry is to expire, to the second. The kernel tells it only in whole minutes, hours, days or weeks, so that an entry that
// is written often would lose such a unit each time. Invariant: an entry never lives longer than it was told to.
// A record is a user key `expires ID` beside the entry, without a colon as no entry is, and expires with it.

import * as keyctl from './keyctl.ts';
import { isKeyctlError, isMissing, KeyctlError } from './keyctl-error.ts';
import type { Keyring } from './keyring.ts';
import { recentRemainingTime } from './remaining-time.ts';

const nowSeconds = (): number => Math.floor(Date.now() / 1_000);

/** The expiry of the entries of one keyring. */
export class ExpiryRecord {
  readonly #ring: Keyring;

  constructor(ring: Keyring) {
    this.#ring = ring;
  }

  #nameOf(id: number): string {
    return `expires ${id}`;
  }

  /** What was recorded for a key, in seconds from now. */
  #recorded(id: number): number | undefined {
    try {
      const text = keyctl.read(keyctl.search(this.#ring.id, 'user', this.#nameOf(id))).toString('latin1');
      return /^\d{1,15}$/.test(text) ? Number(text) - nowSeconds() : undefined;
    } catch (error) {
      if (isMissing(error) || isKeyctlError(error, 'EACCES')) return undefined;
      throw error;
    }
  }

  /** How long a key has yet to live; undefined if for ever. */
  secondsLeft(id: number): number | undefined {
    const remaining = recentRemainingTime(id);
    if (remaining?.kind === 'for-ever') return undefined;
    const recorded = this.#recorded(id);
    if (remaining === undefined) return recorded === undefined ? undefined : Math.max(1, recorded);
    // A record counts only if it agrees with the kernel: another program may have set the time since.
    const isOfToday = recorded !== undefined && recorded >= remaining.atLeast && recorded <= remaining.atMost;
    return Math.max(1, isOfToday ? recorded : remaining.atLeast);
  }

  /** Lets a key live for ever. */
  clear(id: number): void {
    keyctl.setTimeout(id, 0);
    try {
      keyctl.invalidate(keyctl.search(this.#ring.id, 'user', this.#nameOf(id)));
    } catch (error) {
      if (!(error instanceof KeyctlError)) throw error;
    }
  }

  /** Lets a key expire, and records when. */
  set(id: number, seconds: number): void {
    keyctl.setTimeout(id, seconds);
    try {
      const until = Buffer.from(String(nowSeconds() + seconds));
      keyctl.setTimeout(keyctl.addKey('user', this.#nameOf(id), until, this.#ring.id), seconds);
    } catch (error) {
      // Without a record, as when the quota is used up, the kernel's shorter figure counts.
      if (!(error instanceof KeyctlError)) throw error;
    }
  }
}
