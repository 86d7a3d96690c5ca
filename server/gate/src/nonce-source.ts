// Keeps the newest nonce of the keep. Invariant: what `current` gives was pushed over a link that still stands, and is not
// older than the keep allows; otherwise there is none. It asks again for ever.

import { type Client, type RefusalCode, system } from '@chatelaine/contract';
import { pause } from '@chatelaine/process';
import type { Nonces } from './fronts/front.ts';

export interface NonceSourceOptions {
  readonly client: Client;
  /** Milliseconds that only go forward. */
  readonly now: () => number;
  /** From the end of one stream to the next attempt. The link itself waits longer if the keep is not there. */
  readonly pauseMs: number;
  /** Told when nonces begin to come, and when they cease and why. */
  readonly onState: (
    state: { readonly kind: 'coming' } | { readonly kind: 'gone'; readonly code: RefusalCode },
  ) => void;
}

export class NonceSource implements Nonces {
  readonly #options: NonceSourceOptions;
  readonly #stop = new AbortController();
  #newest: { readonly nonce: Buffer; readonly goodUntil: number } | undefined;
  #isComing: boolean | undefined;

  /** Begins to ask at once. */
  constructor(options: NonceSourceOptions) {
    this.#options = options;
    void this.#follow();
  }

  current(): Buffer | undefined {
    const newest = this.#newest;
    return newest !== undefined && this.#options.now() < newest.goodUntil ? newest.nonce : undefined;
  }

  /** Stops asking. */
  close(): void {
    this.#stop.abort('closed');
    this.#newest = undefined;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const code = await this.#followOnce(signal);
      this.#newest = undefined;
      if (signal.aborted) return;
      if (this.#isComing !== false) this.#options.onState({ kind: 'gone', code });
      this.#isComing = false;
      await pause(this.#options.pauseMs, signal);
    }
  }

  /** Follows one stream to its end; gives the code that says why it ended. */
  async #followOnce(signal: AbortSignal): Promise<RefusalCode> {
    try {
      const items = await this.#options.client.stream(system.nonce, {}, { signal });
      if (!(Symbol.asyncIterator in items)) return items.code;
      for await (const { nonce, validMs } of items) {
        this.#newest = { nonce: Buffer.from(nonce), goodUntil: this.#options.now() + validMs };
        if (this.#isComing !== true) this.#options.onState({ kind: 'coming' });
        this.#isComing = true;
      }
      return 'unavailable';
    } catch {
      // A stream that is cut off throws; it is the link that is gone, and asked for again.
      return 'unavailable';
    }
  }
}
