// The workflow: have it, return it; have the plain password, derive from it and store; have nothing, generate, store and derive.
// Invariants: what is answered is durable; whoever asks for the same key and format gets the same answer, from whichever process;
// and formats that are in use are replaced only by whoever asks for just that.

import type { Derived, FormatRefused, PasswordFormat } from '@chatelaine/password-hash';
import { type CreateOptions, mergeOptions } from './create-options.ts';
import { expiryWish, invalidExpiry } from './expiry.ts';
import { formatContext, type MakeRequest, makeValue, recordIssued, takenBy } from './make-value.ts';
import type { PasswordRecord } from './password-store.ts';
import type { PasswordAnswer, PasswordChange, PasswordsSettings } from './passwords-settings.ts';
import { liveRecord, withoutValue, withValue } from './record-writes.ts';
import { type PasswordRefused, refuse } from './refused.ts';
import { SingleFlight } from './single-flight.ts';

/** What is known of a key without its values. */
export interface KeyView {
  readonly formats: readonly string[];
  readonly expiresAtUnixMs?: number;
  readonly periodSeconds?: number;
}

/** A key that was removed. */
export interface RemovedKey {
  /** By format, for the caller to wipe. */
  readonly values: ReadonlyMap<string, Uint8Array>;
  readonly periodSeconds?: number;
}

/** Outside the heap that V8 moves, where zeroing would reach one copy only. */
const secretCopy = (bytes: Uint8Array): Uint8Array => {
  const copy = new Uint8Array(new ArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
};

const copyAnswer = (answer: PasswordAnswer): PasswordAnswer =>
  answer.kind === 'value' ? { ...answer, value: secretCopy(answer.value) } : answer;

const wipeAnswer = (answer: PasswordAnswer): void => {
  if (answer.kind === 'value') answer.value.fill(0);
};

const unknownProfile = (name: string): PasswordRefused =>
  refuse('unknown-profile', `No such profile ${name} defined`, 'profiles');

const unknownFormat = (name: string): PasswordRefused =>
  refuse('unknown-format', `The format ${name} is not available`, 'format');

/** The workflow over one store. */
export class Passwords {
  readonly #settings: PasswordsSettings;
  readonly #flights = new SingleFlight<PasswordAnswer>(copyAnswer, wipeAnswer);

  constructor(settings: PasswordsSettings) {
    this.#settings = settings;
  }

  /** The value of (key, format): the stored one, or a new one. Who asks for the same at the same time shares one computation. */
  async create(key: string, name: string, options: CreateOptions = {}): Promise<PasswordAnswer> {
    const request = this.#request(key, name, options, false);
    if (request.kind === 'refused') return request;
    return this.#flights.join(JSON.stringify([name, key]), () => makeValue(this.#settings, request));
  }

  /** What `create` would answer without making anything: the stored value, a refusal, or `undefined` if it would make one. */
  async peek(key: string, name: string, options: CreateOptions = {}): Promise<PasswordAnswer | undefined> {
    const merged = mergeOptions(options, this.#settings.defaults);
    if (merged.kind === 'unknown-profile') return unknownProfile(merged.name);
    const answer = await this.get(key, name);
    return answer.kind === 'none' ? undefined : answer;
  }

  /**
   * A new value of (key, format). Of `plain` it is a new random password, which the derived formats do not outlive; of any other
   * format it is derived anew from the plain password there is.
   */
  async reset(key: string, name: string, options: CreateOptions = {}): Promise<PasswordAnswer> {
    if (this.#settings.manner === 'trocla') {
      wipeAnswer(await this.removeFormat(key, name));
      return this.create(key, name, options);
    }
    const request = this.#request(key, name, options, true);
    return request.kind === 'refused' ? request : makeValue(this.#settings, request);
  }

  /** What is stored; never makes anything. What has expired is removed at that. */
  async get(key: string, name: string): Promise<PasswordAnswer> {
    const stored = (await this.#liveRecord(key))?.values.get(name);
    if (stored === undefined) return { kind: 'none' };
    return { kind: 'value', value: this.#settings.store.openValue(stored), isNew: false };
  }

  /** The formats of a key and when it expires. */
  async view(key: string): Promise<KeyView | undefined> {
    const record = await this.#liveRecord(key);
    if (record === undefined) return undefined;
    const { atUnixMs, periodSeconds } = record.expiry ?? {};
    return {
      formats: [...record.values.keys()],
      ...(atUnixMs !== undefined && { expiresAtUnixMs: atUnixMs }),
      ...(periodSeconds !== undefined && { periodSeconds }),
    };
  }

  /**
   * Stores a password that somebody brings along: formatted, or as it is. Storing `plain` drops every other format. Formats that
   * make their own key material import it. Wipes nothing of the caller's.
   */
  async set(
    key: string,
    name: string,
    given: Uint8Array,
    how: { readonly options?: CreateOptions; readonly asIs?: boolean } = {},
  ): Promise<PasswordAnswer> {
    const { formats, manner, store, nowUnixMs } = this.#settings;
    const format = formats.get(name.toLowerCase());
    if (format === undefined) return unknownFormat(name);
    if (given.length === 0 && manner === 'safe') {
      return refuse('empty-password', 'The password is empty: nothing was stored');
    }
    const derived = await this.#formatGiven(key, format, given, how.options ?? {}, how.asIs ?? false);
    if (derived.kind === 'refused') return derived;
    await recordIssued(this.#settings, derived);
    const sealed = store.sealValue(derived.value);
    await store.update(key, (current) => {
      const live = liveRecord(current, nowUnixMs());
      return { kind: 'put', record: withValue(live, name, sealed, undefined, nowUnixMs()), result: undefined };
    });
    this.#announce('set', key, name);
    return { kind: 'value', value: derived.value, isNew: true };
  }

  /** Removes one format and returns what it was; with the last one goes the key. */
  async removeFormat(key: string, name: string): Promise<PasswordAnswer> {
    const { store, manner, nowUnixMs } = this.#settings;
    const stored = await store.update<Uint8Array | undefined>(key, (current) => {
      const live = liveRecord(current, nowUnixMs());
      if (live === undefined) return { kind: current === undefined ? 'keep' : 'remove', result: undefined };
      const result = live.values.get(name);
      if (result === undefined) return { kind: 'keep', result };
      const record = withoutValue(live, name, nowUnixMs());
      // In Trocla a period that is remembered keeps a key alive that has no format left.
      const isEmpty = record.values.size === 0 && !(manner === 'trocla' && record.expiry !== undefined);
      return isEmpty ? { kind: 'remove', result } : { kind: 'put', record, result };
    });
    this.#announce('delete', key, name);
    return stored === undefined ? { kind: 'none' } : { kind: 'value', value: store.openValue(stored), isNew: false };
  }

  /** Removes a key with all its formats and returns them. A value that cannot be decrypted keeps the key. */
  async removeKey(key: string): Promise<RemovedKey> {
    const { store, nowUnixMs } = this.#settings;
    const removed = await store.update<RemovedKey>(key, (current) => {
      const live = liveRecord(current, nowUnixMs());
      const values = new Map([...(live?.values ?? [])].map(([format, stored]) => [format, store.openValue(stored)]));
      const period = live?.expiry?.periodSeconds;
      return {
        kind: current === undefined ? 'keep' : 'remove',
        result: { values, ...(period !== undefined && { periodSeconds: period }) },
      };
    });
    this.#announce('delete', key);
    return removed;
  }

  /** The keys that match, in the store's order; those that expired since anybody looked at them are among them. */
  async search(matches: (key: string) => boolean): Promise<readonly string[]> {
    return (await this.#settings.store.keys()).filter(matches);
  }

  #request(
    key: string,
    name: string,
    call: CreateOptions,
    anew: boolean,
  ): (MakeRequest & { readonly kind: 'request' }) | PasswordRefused {
    const { formats, defaults } = this.#settings;
    const merged = mergeOptions(call, defaults);
    if (merged.kind === 'unknown-profile') return unknownProfile(merged.name);
    const { options } = merged;
    const format = formats.get(name.toLowerCase());
    if (format === undefined) return unknownFormat(name);
    const wish = expiryWish(options);
    if (wish === invalidExpiry) return refuse('invalid-option', 'expires is not a number of seconds', 'expires');
    if (typeof wish === 'number' && wish < 0 && name !== 'plain') {
      return refuse('invalid-option', 'expires must be a positive value', 'expires');
    }
    return { kind: 'request', key, name, format, options, wish, anew };
  }

  async #formatGiven(
    key: string,
    format: PasswordFormat,
    given: Uint8Array,
    options: CreateOptions,
    asIs: boolean,
  ): Promise<Derived | FormatRefused> {
    if (asIs) return { kind: 'derived', value: secretCopy(given) };
    const context = formatContext(this.#settings, key, options);
    if (format.kind === 'derived') return format.derive({ ...context, plain: takenBy(format, this.#settings, given) });
    const imported = await format.import?.({ ...context, material: given });
    if (imported?.kind === 'derived' || (imported && this.#settings.manner === 'safe')) return imported;
    return format.derive({ ...context, plain: given });
  }

  async #liveRecord(key: string): Promise<PasswordRecord | undefined> {
    const { store, nowUnixMs } = this.#settings;
    const record = await store.read(key);
    if (record === undefined || liveRecord(record, nowUnixMs()) !== undefined) return record;
    return store.update<PasswordRecord | undefined>(key, (current) => {
      const live = liveRecord(current, nowUnixMs());
      return live !== undefined || current === undefined
        ? { kind: 'keep', result: live }
        : { kind: 'remove', result: live };
    });
  }

  #announce(kind: PasswordChange['kind'], key: string, format?: string): void {
    this.#settings.onChange?.({ kind, key, ...(format !== undefined && { format }) });
  }
}
