// A nonce of the keep counts once for whoever signed it. What is older than any nonce that is still good is forgotten.

import { NONCE_VALID_MS } from './handshake-proofs.ts';

const REMEMBERED_MS = 2 * NONCE_VALID_MS;

export class UsedNonces {
  readonly #used = new Map<string, { readonly atMs: number; readonly request: object }>();

  /**
   * Whether this is the first time that somebody comes with it; attempts of the same `request` are one time.
   *
   * @param key the nonce and who signed it
   * @param nowMs monotonic
   */
  use(key: string, nowMs: number, request: object): boolean {
    for (const [known, { atMs }] of this.#used) {
      if (nowMs - atMs <= REMEMBERED_MS) break;
      this.#used.delete(known);
    }
    const earlier = this.#used.get(key);
    if (earlier !== undefined) return earlier.request === request;
    this.#used.set(key, { atMs: nowMs, request });
    return true;
  }
}
