// The last decision about each machine that is on the screen: asked for when a machine comes into view, then kept up to date
// by what the keep tells. Of ten thousand machines only those are asked about that somebody looks at.

import { type Client, machines } from '@chatelaine/contract';

/** What was decided and when; `code` is why not. */
export interface LastDecision {
  readonly atUnixMs: number;
  readonly decision: 'released' | 'refused' | 'waiting';
  readonly code?: string | undefined;
}

const MOST_AT_ONCE = 16;

export class LastDecisions {
  /** `undefined` as a value: there was none, or it is being asked for. */
  readonly #known = new Map<string, LastDecision | undefined>();

  get(name: string): LastDecision | undefined {
    return this.#known.get(name);
  }

  tell(name: string, decision: LastDecision): void {
    this.#known.set(name, decision);
  }

  forget(name: string): void {
    this.#known.delete(name);
  }

  /** Everything is to be asked for anew: something was missed. */
  forgetAll(): void {
    this.#known.clear();
  }

  /** Asks about those that are not known yet; resolves with whether anything came. */
  async askFor(client: Client, names: readonly string[]): Promise<boolean> {
    const unknown = names.filter((name) => !this.#known.has(name));
    for (const name of unknown) this.#known.set(name, undefined);
    for (let at = 0; at < unknown.length; at += MOST_AT_ONCE) {
      await Promise.all(unknown.slice(at, at + MOST_AT_ONCE).map((name) => this.#ask(client, name)));
    }
    return unknown.length > 0;
  }

  async #ask(client: Client, name: string): Promise<void> {
    const answer = await client.call(machines.why, { name });
    if (answer.kind === 'refused') {
      this.#known.delete(name);
      return;
    }
    const { last } = answer.value;
    // What was told meanwhile is newer.
    if (last === undefined || this.#known.get(name) !== undefined) return;
    this.#known.set(name, { atUnixMs: last.atUnixMs, decision: last.decision, code: last.code });
  }
}
