// Shares that were given while the keep is sealed, until there are enough. They lie in locked memory, each for a limited time;
// one that does not open its slot with the others takes all of them along.

import { ok, type Result, refuse } from '@chatelaine/contract';
import type { Store } from '@chatelaine/store';
import { type CombinedShares, combineKeyShares, type KeyShare, parseShare, readVaultHeader } from '@chatelaine/vault';

/** How long a share is kept. */
const SHARE_KEPT_MS = 15 * 60_000;

interface HeldShare {
  readonly share: KeyShare;
  readonly expiresAtMs: number;
  readonly timer: NodeJS.Timeout;
}

/** Where the collecting stands for one slot. */
export interface CollectedShares {
  readonly slot: string;
  readonly threshold: number;
  /** Numbers, ascending. */
  readonly given: readonly number[];
  /** How long the oldest is kept from now. */
  readonly keptMs: number;
  /** Present once there are enough; released by whoever uses it. */
  readonly combined?: CombinedShares;
}

export class ShareCollector {
  readonly #store: Store;
  readonly #keptMs: number;
  readonly #held = new Map<string, HeldShare>();

  constructor(store: Store, keptMs: number = SHARE_KEPT_MS) {
    this.#store = store;
    this.#keptMs = keptMs;
  }

  /** Takes one share. Refusals: `invalid-input`, `not-found` if the store has no such slot, `damaged`, `unsupported-format`, `busy`. */
  async give(text: Uint8Array): Promise<Result<CollectedShares>> {
    const parsed = parseShare(text);
    if (parsed.kind === 'refused') return parsed;
    const share = parsed.value;
    const refused = await this.#check(share);
    if (refused.kind === 'refused') {
      share.value.release();
      return refused;
    }
    this.#hold(share);
    const held = [...this.#held.values()].filter((known) => known.share.slotId === share.slotId);
    const shares = held.map((known) => known.share);
    const state = {
      slot: share.slotId,
      threshold: share.threshold,
      given: shares.map(({ number }) => number).sort((a, b) => a - b),
      keptMs: Math.max(0, Math.round(Math.min(...held.map(({ expiresAtMs }) => expiresAtMs)) - performance.now())),
    };
    if (shares.length < share.threshold) return ok(state);
    const combined = combineKeyShares(shares);
    this.wipe(share.slotId);
    return combined.kind === 'ok' ? ok({ ...state, combined: combined.value }) : combined;
  }

  /** Forgets the shares of one slot, or all of them. */
  wipe(slotId?: string): void {
    for (const [key, { share }] of this.#held) if (slotId === undefined || share.slotId === slotId) this.#forget(key);
  }

  async #check(share: KeyShare): Promise<Result<undefined>> {
    const wrong = (message: string) => refuse('invalid-input', { field: 'share', message });
    if (!this.#store.id.startsWith(share.storeId)) return wrong(`it is of another store, ${share.storeId}…`);
    const header = await readVaultHeader(this.#store);
    if (header.kind === 'refused') return header;
    const slot = header.value.slots.find(({ id }) => id === share.slotId);
    if (slot === undefined)
      return refuse('not-found', { message: `key slot ${share.slotId} of the share is not there` });
    return slot.threshold === share.threshold ? ok(undefined) : wrong('it does not belong to its key slot');
  }

  #hold(share: KeyShare): void {
    const key = `${share.slotId}/${share.number}`;
    this.#forget(key);
    const timer = setTimeout(() => this.#forget(key), this.#keptMs).unref();
    this.#held.set(key, { share, timer, expiresAtMs: performance.now() + this.#keptMs });
  }

  #forget(key: string): void {
    const held = this.#held.get(key);
    clearTimeout(held?.timer);
    held?.share.value.release();
    this.#held.delete(key);
  }
}
