// The workflow: have it, return it; have the plain password, derive from it and store; have nothing, generate, store and derive.
// Invariants: what is answered is durable; whoever asks for the same key and format gets the same answer, from whichever process;
// a call that fails stores nothing; and formats that are in use are replaced only by whoever asks for just that.

import type { Derived, FormatOptions, FormatRefused, PasswordFormat } from '@chatelaine/password-hash';
import { fetchAuthority, recordSerial } from './authority.ts';
import { type CreateOptions, mergeOptions, type OptionDefaults } from './create-options.ts';
import { type ExpiryWish, expiryAfterWrite, expiryOfNewKey, expiryWish, invalidExpiry, isExpired } from './expiry.ts';
import { newPassword } from './new-password.ts';
import type { PasswordRecord, PasswordStore, RecordChange } from './password-store.ts';
import { type PasswordRefused, refuse } from './refused.ts';
import { SingleFlight } from './single-flight.ts';

/** A value, for the caller to wipe; nothing; or why not. */
export type PasswordAnswer =
  | { readonly kind: 'value'; readonly value: Uint8Array; readonly isNew: boolean }
  | { readonly kind: 'none' }
  | PasswordRefused;

/** What was changed, for those who want to hear of it. Without any value. */
export interface PasswordChange {
  readonly kind: 'set' | 'delete';
  readonly key: string;
  /** Absent: the whole key. */
  readonly format?: string;
}

export interface PasswordsSettings {
  readonly store: PasswordStore;
  readonly formats: ReadonlyMap<string, PasswordFormat>;
  readonly defaults: OptionDefaults;
  /** Milliseconds since 1970, with fractions where the clock has them. */
  readonly nowUnixMs: () => number;
  readonly random: (target: Uint8Array) => void;
  /**
   * `trocla`: a new plain password replaces the formats in use, may be empty, and outlives a failed call; options that make
   * no sense are ignored. `safe`: all of this is refused.
   */
  readonly manner: 'safe' | 'trocla';
  /** Called after every durable change, in order. */
  readonly onChange?: (change: PasswordChange) => void;
}

/** What is known of a key without its values. */
export interface KeyView {
  readonly formats: readonly string[];
  readonly expiresAtUnixMs?: number;
  readonly periodSeconds?: number;
}

const MAX_ATTEMPTS = 16;

const without = <Value>(values: ReadonlyMap<string, Value>, name: string): Map<string, Value> =>
  new Map([...values].filter(([format]) => format !== name));

const sameBytes = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && Buffer.compare(a, b) === 0);

const copyAnswer = (answer: PasswordAnswer): PasswordAnswer =>
  answer.kind === 'value' ? { ...answer, value: Uint8Array.from(answer.value) } : answer;

const wipeAnswer = (answer: PasswordAnswer): void => {
  if (answer.kind === 'value') answer.value.fill(0);
};

const unknownProfile = (name: string): PasswordRefused =>
  refuse('unknown-profile', `No such profile ${name} defined`, 'profiles');

/** What one attempt at an answer came to. */
type Attempt = PasswordAnswer | { readonly kind: 'again' };

/** What is asked for. */
interface Request {
  readonly key: string;
  /** As it was typed: it is stored under this. */
  readonly name: string;
  readonly format: PasswordFormat;
  readonly options: FormatOptions;
  readonly wish: ExpiryWish;
  /** A value that is there does not answer the question. */
  readonly anew: boolean;
}

/** The workflow over one store. */
export class Passwords {
  readonly #settings: PasswordsSettings;
  readonly #flights = new SingleFlight<PasswordAnswer>(copyAnswer, wipeAnswer);

  constructor(settings: PasswordsSettings) {
    this.#settings = settings;
  }

  /** The value of (key, format): the stored one, or a new one. */
  async create(key: string, name: string, options: CreateOptions = {}): Promise<PasswordAnswer> {
    return this.#make(key, name, options, false);
  }

  /** What `create` would answer without making anything: the stored value, a refusal, or `undefined` if it would make one. */
  async peek(key: string, name: string, options: CreateOptions): Promise<PasswordAnswer | undefined> {
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
    return this.#make(key, name, options, true);
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
    const format = this.#settings.formats.get(name.toLowerCase());
    if (format === undefined) return refuse('unknown-format', `The format ${name} is not available`, 'format');
    if (given.length === 0 && this.#settings.manner === 'safe') {
      return refuse('empty-password', 'The password is empty: nothing was stored');
    }
    const derived = await this.#formatGiven(key, format, given, how.options ?? {}, how.asIs ?? false);
    if (derived.kind === 'refused') return derived;
    await this.#recordIssued(derived);
    await this.#settings.store.update(key, (current) => ({
      kind: 'put',
      record: this.#withValue(this.#live(current), name, derived.value, undefined),
      result: undefined,
    }));
    this.#announce('set', key, name);
    return { kind: 'value', value: derived.value, isNew: true };
  }

  /** Removes one format and returns what it was; with the last one goes the key. */
  async removeFormat(key: string, name: string): Promise<PasswordAnswer> {
    const { store, manner, nowUnixMs } = this.#settings;
    const stored = await store.update<Uint8Array | undefined>(key, (current) => {
      const live = this.#live(current);
      if (live === undefined) return { kind: current === undefined ? 'keep' : 'remove', result: undefined };
      const result = live.values.get(name);
      if (result === undefined) return { kind: 'keep', result };
      const values = without(live.values, name);
      const expiry = expiryAfterWrite(live.expiry, undefined, nowUnixMs());
      if (values.size === 0 && !(manner === 'trocla' && expiry !== undefined)) return { kind: 'remove', result };
      return { kind: 'put', record: { values, ...(expiry && { expiry }) }, result };
    });
    this.#announce('delete', key, name);
    return stored === undefined ? { kind: 'none' } : { kind: 'value', value: store.openValue(stored), isNew: false };
  }

  /**
   * Removes a key with all its formats and returns them by format, for the caller to wipe. `reveal` false: says only what there
   * was. A value that cannot be decrypted keeps the key.
   */
  async removeKey(
    key: string,
  ): Promise<{ readonly values: ReadonlyMap<string, Uint8Array>; readonly periodSeconds?: number }> {
    const { store } = this.#settings;
    type Removed = Awaited<ReturnType<Passwords['removeKey']>>;
    const removed = await store.update<Removed>(key, (current) => {
      const live = this.#live(current);
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

  async #make(key: string, name: string, call: CreateOptions, anew: boolean): Promise<PasswordAnswer> {
    const { formats, defaults } = this.#settings;
    const merged = mergeOptions(call, defaults);
    if (merged.kind === 'unknown-profile') return unknownProfile(merged.name);
    const format = formats.get(name.toLowerCase());
    if (format === undefined) return refuse('unknown-format', `The format ${name} is not available`, 'format');
    const wish = expiryWish(merged.options);
    if (wish === invalidExpiry) return refuse('invalid-option', 'expires is not a number of seconds', 'expires');
    if (typeof wish === 'number' && wish < 0 && name !== 'plain') {
      return refuse('invalid-option', 'expires must be a positive value', 'expires');
    }
    const request: Request = { key, name, format, options: merged.options, wish, anew };
    if (anew) return this.#attempts(request);
    return this.#flights.join(JSON.stringify([name, key]), () => this.#attempts(request));
  }

  async #attempts(request: Request): Promise<PasswordAnswer> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const answer = await this.#attempt(request);
      if (answer.kind !== 'again') return answer;
    }
    return refuse('contended', `${request.key} is being changed by others, again and again`);
  }

  /** Looks, computes without any lock, and stores only if what was computed from is still what is there. */
  async #attempt(request: Request): Promise<Attempt> {
    const { store, manner } = this.#settings;
    const { key, name, anew } = request;
    const before = await this.#liveRecord(key);
    const existing = before?.values.get(name);
    if (existing !== undefined && !anew) return { kind: 'value', value: store.openValue(existing), isNew: false };

    const isNewPlain = anew && name === 'plain';
    const storedPlain = isNewPlain ? undefined : before?.values.get('plain');
    let plain: Uint8Array;
    let isFresh = false;
    if (storedPlain !== undefined) {
      plain = store.openValue(storedPlain);
    } else {
      const made = this.#newPlain(request, before, isNewPlain);
      if (made.kind === 'refused') return made;
      ({ isFresh } = made);
      plain = made.plain;
      if (manner === 'trocla' && isFresh && name !== 'plain') await this.#storePlain(request, plain);
    }
    try {
      const derived = await this.#derive(request, plain);
      if (derived.kind === 'refused') return derived;
      await this.#recordIssued(derived);
      const alreadyStored = manner === 'trocla' && isFresh && name !== 'plain';
      const basis = alreadyStored ? undefined : storedPlain;
      const outcome = await store.update<'stored' | 'again' | Uint8Array>(key, (current) => {
        const live = this.#live(current);
        const there = live?.values.get(name);
        if (there !== undefined && !anew) return { kind: 'keep', result: there };
        if (anew && !sameBytes(there, existing)) return { kind: 'keep', result: 'again' };
        if (!alreadyStored && !isNewPlain && !sameBytes(live?.values.get('plain'), basis)) {
          return { kind: 'keep', result: 'again' };
        }
        if (manner === 'safe' && isFresh && !isNewPlain && (live?.values.size ?? 0) > (anew ? 1 : 0)) {
          return { kind: 'keep', result: 'again' };
        }
        return this.#storing(request, live, alreadyStored || !isFresh ? undefined : plain, derived.value);
      });
      if (outcome === 'stored') {
        if (isFresh && name !== 'plain' && !alreadyStored) this.#announce('set', key, 'plain');
        this.#announce('set', key, name);
        return { kind: 'value', value: derived.value, isNew: true };
      }
      derived.value.fill(0);
      return outcome === 'again' ? { kind: 'again' } : { kind: 'value', value: store.openValue(outcome), isNew: false };
    } finally {
      plain.fill(0);
    }
  }

  /** A plain password for a key that has none, unless that would do harm. */
  #newPlain(
    { key, format, name, options, anew }: Request,
    before: PasswordRecord | undefined,
    isNewPlain: boolean,
  ): { readonly kind: 'made'; readonly plain: Uint8Array; readonly isFresh: boolean } | PasswordRefused {
    const { manner, random } = this.#settings;
    if (options['random'] === undefined || options['random'] === null || options['random'] === false) {
      return refuse('no-plain', "Password must be present as plaintext if you don't want a random password", 'random');
    }
    const others = [...(before?.values.keys() ?? [])].filter((other) => !(anew && other === name));
    if (manner === 'safe' && others.length > 0 && !isNewPlain) {
      if (format.kind === 'generated') return { kind: 'made', plain: new Uint8Array(0), isFresh: false };
      return refuse(
        'plain-is-gone',
        `The plain password of ${key} is not stored any more, and a new one would replace what is in use (${others.join(', ')}). ` +
          `Nothing was changed. To begin anew, use reset ${key} plain`,
      );
    }
    const made = newPassword(options, manner, random);
    return made.kind === 'refused' ? made : { ...made, isFresh: true };
  }

  #storing(
    { name, wish, anew }: Request,
    live: PasswordRecord | undefined,
    newPlain: Uint8Array | undefined,
    value: Uint8Array,
  ): RecordChange<'stored'> {
    const base =
      newPlain !== undefined && name !== 'plain' ? this.#withValue(undefined, 'plain', newPlain, wish) : live;
    return { kind: 'put', record: this.#withValue(base, name, value, wish), result: 'stored' };
  }

  /** As Trocla does it: in a write of its own, before anything is derived. */
  async #storePlain({ key, wish }: Request, plain: Uint8Array): Promise<void> {
    const record = this.#withValue(undefined, 'plain', plain, wish);
    await this.#settings.store.update(key, () => ({ kind: 'put', record, result: undefined }));
    this.#announce('set', key, 'plain');
  }

  #withValue(live: PasswordRecord | undefined, name: string, value: Uint8Array, wish: ExpiryWish): PasswordRecord {
    const { store, nowUnixMs } = this.#settings;
    const sealed = store.sealValue(value);
    const isPlain = name === 'plain';
    const expiry = isPlain ? expiryOfNewKey(wish, nowUnixMs()) : expiryAfterWrite(live?.expiry, wish, nowUnixMs());
    const values = new Map(isPlain ? [] : live?.values);
    values.set(name, sealed);
    return { values, ...(expiry && { expiry }) };
  }

  #derive({ key, format, options }: Request, plain: Uint8Array): Promise<Derived | FormatRefused> {
    return format.derive({ ...this.#context(key, options), plain });
  }

  async #formatGiven(
    key: string,
    format: PasswordFormat,
    given: Uint8Array,
    options: CreateOptions,
    asIs: boolean,
  ): Promise<Derived | FormatRefused> {
    if (asIs) return { kind: 'derived', value: Uint8Array.from(given) };
    const context = this.#context(key, options);
    if (format.kind === 'derived') return format.derive({ ...context, plain: given });
    const imported = await format.import?.({ ...context, material: given });
    if (imported?.kind === 'derived' || (imported && this.#settings.manner === 'safe')) return imported;
    return format.derive({ ...context, plain: given });
  }

  #context(key: string, options: FormatOptions) {
    const { store, random, nowUnixMs } = this.#settings;
    return {
      key,
      options,
      random,
      nowUnixMs: Math.floor(nowUnixMs()),
      fetchAuthority: (name: string) => fetchAuthority(store, name),
    };
  }

  async #recordIssued({ issued }: Derived): Promise<void> {
    if (issued === undefined) return;
    await recordSerial(this.#settings.store, issued);
    this.#announce('set', `${issued.authority}_all_serials`, 'plain');
  }

  #live(record: PasswordRecord | undefined): PasswordRecord | undefined {
    return isExpired(record, this.#settings.nowUnixMs()) ? undefined : record;
  }

  async #liveRecord(key: string): Promise<PasswordRecord | undefined> {
    const { store } = this.#settings;
    const record = await store.read(key);
    if (record === undefined || this.#live(record) !== undefined) return record;
    return store.update<PasswordRecord | undefined>(key, (current) => {
      const live = this.#live(current);
      if (live !== undefined || current === undefined) return { kind: 'keep', result: live };
      return { kind: 'remove', result: undefined };
    });
  }

  #announce(kind: PasswordChange['kind'], key: string, format?: string): void {
    this.#settings.onChange?.({ kind, key, ...(format !== undefined && { format }) });
  }
}
