// Whoever changes a key waits for its turn, so that what takes long is computed once, and whoever waited finds it stored. A bounded
// number may wait. Those that run in other keeps are caught by the conditions of the commit.

import type { Call } from '../../kernel/module.ts';

const MAX_WAITING = 1_000;

type Turn = Pick<Call<unknown>, 'request' | 'whenOver'>;

export class Turns {
  /** By what it is about: those who wait, while somebody has the turn. */
  readonly #lines = new Map<string, (() => void)[]>();
  readonly #held = new WeakMap<object, Set<string>>();

  /** Waits for its turn, which lasts until the request is over. False: too many wait. A request that has it goes on. */
  async take({ request, whenOver }: Turn, name: string): Promise<boolean> {
    let held = this.#held.get(request);
    if (held?.has(name) === true) return true;
    const line = this.#lines.get(name);
    if (line !== undefined && line.length >= MAX_WAITING) return false;
    if (held === undefined) {
      const names = new Set<string>();
      held = names;
      this.#held.set(request, names);
      whenOver(() => {
        for (const each of names) this.#leave(each);
        names.clear();
      });
    }
    if (line === undefined) this.#lines.set(name, []);
    else await new Promise<void>((begin) => line.push(begin));
    held.add(name);
    return true;
  }

  #leave(name: string): void {
    const next = this.#lines.get(name)?.shift();
    if (next === undefined) this.#lines.delete(name);
    else next();
  }
}
