// GET and SET: what can be read in a session, and what can be set for as long as it lasts. There is no test mode that could be
// switched on, and so neither a counter nor a clock that could be overridden.

import { isIP } from 'node:net';
import { ok, type Result, refuse } from '@chatelaine/contract';

type Value = string | boolean | null;

const fixed: Readonly<Record<string, Value>> = {
  'K2KSM.OverrideCounter': null,
  'K2KSM.OverrideTimer': null,
  'K2KSM.ServerPrivate': false,
  'K2KSM.testMode': false,
};

/** The address of the person whose codes are checked; networks from which they gave a right one have tries of their own. */
const SOURCE = 'K2KSM.source';

export class SessionSettings {
  #source: string | undefined;

  /** Where the person is whose codes are checked, as the client knows it. */
  get source(): string | undefined {
    return this.#source;
  }

  /** One setting by its name, or all of them. Refusal: `not-found`. */
  get(name: string | undefined): Result<Readonly<Record<string, Value>>> {
    const all = { ...fixed, [SOURCE]: this.#source ?? null };
    if (name === undefined) return ok(all);
    const found = Object.entries(all).find(([known]) => known === name);
    return found === undefined ? refuse('not-found') : ok(Object.fromEntries([found]));
  }

  /** Sets one, or clears it if there is no value. Refusals: `not-found`, `denied` for what is fixed, `invalid-input`. */
  set(name: string, value: string | undefined): Result<undefined> {
    if (Object.hasOwn(fixed, name)) return refuse('denied');
    if (name !== SOURCE) return refuse('not-found');
    if (value !== undefined && isIP(value) === 0) {
      return refuse('invalid-input', { field: name, message: 'must be a numeric address' });
    }
    this.#source = value;
    return ok(undefined);
  }
}
