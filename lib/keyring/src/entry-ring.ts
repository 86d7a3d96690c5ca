// Entries in a keyring, as the Python backend keeps them: a key of the type `user` for each, described SERVICE:USER, its
// payload the bytes and nothing else. Invariants: reading makes nothing; a write changes no mask and keeps the remaining time;
// removal invalidates, so that whoever holds a link is cut off too.

import { checkText, MAX_DESCRIPTION_BYTES, MAX_PAYLOAD_BYTES } from './argument-checks.ts';
import { textOf } from './credential.ts';
import { ExpiryRecord } from './expiry-record.ts';
import * as keyctl from './keyctl.ts';
import { isKeyctlError, isMissing, KeyctlError } from './keyctl-error.ts';
import { Keyring } from './keyring.ts';
import { KeyringError } from './keyring-error.ts';
import { makeKeyring } from './make-keyring.ts';
import { chooseParent, type ParentChoice, type ParentKeyring } from './parent-keyring.ts';
import { putKey } from './put-key.ts';
import { noteChange, Recent } from './recent.ts';
import { TIME_LIFETIME_MS } from './remaining-time.ts';
import { findSession } from './session.ts';

const MAX_TRIES = 8;
const COLON = ':';
/** Of what is checked by using it. */
const LIFETIME_MS = 1;

/** The kernel's errors that mean something to a person. */
const refusalOf = (error: unknown): unknown => {
  if (isKeyctlError(error, 'EACCES')) return new KeyringError('not-permitted', { cause: error });
  if (isKeyctlError(error, 'EDQUOT')) return new KeyringError('over-quota', { cause: error });
  if (isKeyctlError(error, 'ENOSYS')) return new KeyringError('unavailable', { cause: error });
  if (!isKeyctlError(error, 'EPERM')) return error;
  // A filter that forbids the calls says EPERM to all of them, a restricted keyring to a write only.
  findSession();
  return new KeyringError('not-permitted', { cause: error });
};

const refusing = <Result>(run: () => Result): Result => {
  try {
    return run();
  } catch (error) {
    throw refusalOf(error);
  }
};

const missingAsUndefined = <Result>(run: () => Result): Result | undefined => {
  try {
    return run();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
};

/** Where entries are kept. */
export interface RingPlace {
  readonly name: string;
  readonly parent: ParentChoice;
}

/** The entries of one keyring. Hardly anything is remembered between calls: another process may change it at any time. */
export class EntryRing {
  readonly name: string;
  readonly #parent: ParentKeyring;
  /** If it is dead by now, the kernel says so, and it is looked for again. */
  readonly #recentRing = new Recent<Keyring>();
  /** The entry that was used last; the same goes for it. */
  readonly #recentKey = new Recent<{ readonly description: string; readonly id: number; readonly size: number }>();
  /** The entry that was written last, if it has no expiry that would have to be kept. */
  readonly #lastWithoutExpiry = new Recent<{
    readonly description: string;
    readonly ring: number;
    readonly id: number;
  }>();

  constructor({ name, parent }: RingPlace) {
    this.name = checkText(name, 'the name of the keyring', MAX_DESCRIPTION_BYTES) as string;
    this.#parent = chooseParent(parent);
  }

  /** The keyring, if there is one that can be used. */
  find(): Keyring | undefined {
    return refusing(() => {
      try {
        return new Keyring(keyctl.search(this.#parent.toSearch(), 'keyring', this.name));
      } catch (error) {
        if (!isMissing(error)) throw error;
        // The keyring is dead, or the whole session is: only the first is "nothing there".
        if (error.code !== 'ENOKEY' && findSession().kind === 'revoked') throw new KeyringError('session-revoked');
        return undefined;
      }
    });
  }

  /** The keyring, made if there is none. */
  findOrMake(): { readonly keyring: Keyring; readonly isNew: boolean } {
    const found = this.find();
    if (found !== undefined) return { keyring: found, isNew: false };
    return refusing(() => makeKeyring(this.#parent.toMakeIn(), this.name));
  }

  /** The description of an entry. The kernel has no escape: (`a:b`, `c`) and (`a`, `b:c`) are the same entry. */
  static describe(service: string, user: string): string {
    if (typeof service !== 'string' || typeof user !== 'string') throw new TypeError('service and user must be texts');
    const description = service + COLON + user;
    try {
      return checkText(description, 'service and user together', MAX_DESCRIPTION_BYTES) as string;
    } catch (error) {
      throw new KeyringError('invalid-name', { detail: (error as Error).message });
    }
  }

  /** The payload of an entry, which the caller wipes. */
  read(description: string): Buffer | undefined {
    return this.#readRecent(description) ?? this.#readAfresh(description);
  }

  /** By what was found a moment ago; undefined if that is over, or the entry is not there any more. */
  #readRecent(description: string): Buffer | undefined {
    const key = this.#recentKey.get();
    if (key?.description === description) {
      try {
        return keyctl.read(key.id, key.size);
      } catch (error) {
        if (!(error instanceof KeyctlError)) throw error;
      }
    }
    const ring = this.#recentRing.get();
    return ring === undefined ? undefined : this.#readFrom(ring, description, { isSure: false });
  }

  #readAfresh(description: string): Buffer | undefined {
    const ring = this.find();
    if (ring === undefined) return undefined;
    this.#recentRing.set(ring, LIFETIME_MS);
    // The entry may die between the search and the reading, and another take its place.
    return this.#readFrom(ring, description, { isSure: false }) ?? this.#readFrom(ring, description, { isSure: true });
  }

  /** Undefined if it is missing; unless it is sure that the keyring is alive, also if it may not be read. */
  #readFrom(ring: Keyring, description: string, { isSure }: { isSure: boolean }): Buffer | undefined {
    try {
      const id = keyctl.search(ring.id, 'user', description);
      const payload = keyctl.read(id);
      this.#recentKey.set({ description, id, size: payload.length }, LIFETIME_MS);
      return payload;
    } catch (error) {
      if (isMissing(error) || (!isSure && isKeyctlError(error, 'EACCES'))) return undefined;
      throw refusalOf(error);
    }
  }

  /**
   * Makes or replaces an entry. The caller wipes `payload`.
   *
   * @param timeoutSeconds when it shall expire; 0 for never; without it a new entry lives on, and one that is there keeps its time.
   */
  write(description: string, payload: Uint8Array, timeoutSeconds?: number): void {
    if (payload.length === 0) throw new KeyringError('empty-secret');
    if (payload.length > MAX_PAYLOAD_BYTES) throw new KeyringError('secret-too-long');
    for (let tries = 1; ; tries++) {
      const recent = this.#recentRing.get();
      const ring = recent ?? this.findOrMake().keyring;
      try {
        this.#writeInto(ring, description, payload, timeoutSeconds);
        if (recent === undefined) this.#recentRing.set(ring, LIFETIME_MS);
        return;
      } catch (error) {
        this.#recentRing.forget();
        // The keyring may have died between the search and the write.
        const isDead = isMissing(error) || (recent !== undefined && isKeyctlError(error, 'EACCES'));
        if (!isDead || tries === MAX_TRIES) throw refusalOf(error);
      }
    }
  }

  #writeInto(ring: Keyring, description: string, payload: Uint8Array, timeoutSeconds: number | undefined): void {
    const last = this.#lastWithoutExpiry.get();
    if (timeoutSeconds === undefined && last?.description === description && last.ring === ring.id) {
      this.#put(ring, description, payload, last.id);
      return;
    }
    const old = missingAsUndefined(() => keyctl.search(ring.id, 'user', description));
    const expiry = new ExpiryRecord(ring);
    const remaining = old === undefined || timeoutSeconds !== undefined ? undefined : expiry.secondsLeft(old);
    const id = this.#put(ring, description, payload, old);
    const seconds = timeoutSeconds ?? (id === old ? remaining : undefined);
    if (timeoutSeconds === 0) expiry.clear(id);
    else if (seconds !== undefined) expiry.set(id, seconds);
    else this.#lastWithoutExpiry.set({ description, ring: ring.id, id }, TIME_LIFETIME_MS);
  }

  /** Makes or updates the key, and gives its id. One that is new may hide another. */
  #put(ring: Keyring, description: string, payload: Uint8Array, old: number | undefined): number {
    const id = putKey('user', description, payload, ring.id);
    if (id !== old) noteChange();
    this.#recentKey.set({ description, id, size: payload.length }, LIFETIME_MS);
    return id;
  }

  /** Removes an entry; false if there was none. */
  remove(description: string): boolean {
    const ring = this.find();
    if (ring === undefined) return false;
    const look = (): number | undefined => missingAsUndefined(() => keyctl.search(ring.id, 'user', description));
    return refusing(() => {
      const id = look();
      if (id === undefined) return false;
      try {
        keyctl.invalidate(id);
        return true;
      } catch (error) {
        // Another process was faster, or it may not be removed.
        if (isMissing(error) || look() !== id) return false;
        throw error;
      }
    });
  }

  /** SERVICE:USER of the entries directly in the keyring, sorted: of every user key with a colon in its description. */
  descriptions(): readonly string[] {
    const ring = this.find();
    const keys = ring === undefined ? undefined : refusing(() => missingAsUndefined(() => ring.list()));
    return (keys ?? [])
      .filter(({ type }) => type === 'user')
      .flatMap(({ description }) => textOf(description) ?? [])
      .filter((text) => text.includes(COLON))
      .toSorted();
  }
}
