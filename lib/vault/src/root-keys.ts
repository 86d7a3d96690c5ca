// The root key of an open vault; two of them while one takes over from the other. What is wrapped anew is wrapped with
// `current`, and what still lies under the retiring one opens, too.

import { ok, type Result, refuse } from '@chatelaine/contract';
import type { RootKey } from './root-key.ts';

export class RootKeys implements Disposable {
  #current: RootKey;
  #retiring: RootKey | undefined;

  /** Takes over both. */
  constructor(current: RootKey, retiring?: RootKey) {
    this.#current = current;
    this.#retiring = retiring;
  }

  get current(): RootKey {
    return this.#current;
  }

  get retiring(): RootKey | undefined {
    return this.#retiring;
  }

  /** The root key of this id; undefined if it is none of them. */
  find(id: string): RootKey | undefined {
    return [this.#current, this.#retiring].find((root) => root?.id === id);
  }

  /** As {@link find}; refusal: `damaged`. */
  require(id: string, what: string): Result<RootKey> {
    const root = this.find(id);
    if (root !== undefined) return ok(root);
    return refuse('damaged', { message: `${what} is of root key ${id}; ${this.#current.id} was expected` });
  }

  /** From now on `next` wraps; the one until now retires. Takes it over. */
  turnTo(next: RootKey): void {
    if (this.#retiring !== undefined) throw new Error('a root key is retiring already');
    this.#retiring = this.#current;
    this.#current = next;
  }

  /** Nothing lies under the retiring one any more. */
  forgetRetiring(): void {
    this.#retiring?.release();
    this.#retiring = undefined;
  }

  /** Wipes all of them. Idempotent. */
  release(): void {
    this.#retiring?.release();
    this.#current.release();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
