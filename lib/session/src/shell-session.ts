// A session that is open: the keys of the vaults that a person is logged in to from one shell. Every answer is given only while
// the session has not ended, here or in another process.

import type { FillRandom, SecretBytes } from '@chatelaine/secret';
import { type Clock, type Moment, msSince, now } from './clock.ts';
import { eraseSession } from './erase-session.ts';
import { type Refused, refuse } from './refusal.ts';
import { type SafeDirectory, UnsafeDirectoryError } from './safe-directory.ts';
import type { SessionKeys } from './session-keys.ts';
import type { SessionPlace } from './session-place.ts';
import { RECORD_FILE, type SessionFacts } from './session-record.ts';
import { formatVaultEntry, isVaultName, MAX_KEY_BYTES, parseVaultEntry, type VaultEntry } from './vault-entry.ts';

/** What was asked is done. */
export interface Done {
  readonly kind: 'done';
}

/** The key of a vault. Whoever gets it releases it. */
export interface VaultKey {
  readonly kind: 'key';
  readonly vault: string;
  readonly key: SecretBytes;
}

/** A vault in a list, without its key. */
export interface OpenVault {
  readonly name: string;
  readonly isCurrent: boolean;
  readonly loggedInAtUnixMs: number;
}

/** A vault's key, sealed to be kept elsewhere than in the session's directory. */
export interface SealedVault {
  readonly kind: 'sealed';
  /** Names it there; tells nothing of the vault's name. */
  readonly label: string;
  readonly sealed: Buffer;
}

/** The key of a vault that was kept elsewhere. Whoever gets it releases it. */
export interface OpenedVault extends VaultKey {
  readonly loggedInAtUnixMs: number;
}

/** What a session is made of; it takes over place, directory and keys. */
export interface SessionParts {
  readonly id: string;
  readonly facts: SessionFacts;
  readonly place: SessionPlace;
  readonly directory: SafeDirectory;
  readonly keys: SessionKeys;
  readonly clock: Clock;
  readonly fill: FillRandom;
}

const DONE: Done = { kind: 'done' };
const USED_FILE = 'used';
const CURRENT_FILE = 'current';
/** Begins what names a vault elsewhere: what was sealed for there is never taken for a file, nor a file for it. */
const ELSEWHERE = 'elsewhere-';
const VAULT_FILE = /^v-[a-z2-7]{32}$/;
const MOMENT_BYTES = 16;
const USED_STEP_MS = 60_000;
const MAX_FILE_BYTES = MAX_KEY_BYTES + 1_024;

const formatMoment = ({ bootMs, unixMs }: Moment): Buffer => {
  const bytes = Buffer.alloc(MOMENT_BYTES);
  bytes.writeBigUInt64BE(BigInt(bootMs));
  bytes.writeBigUInt64BE(BigInt(unixMs), 8);
  return bytes;
};

/** One session of one shell. Dispose of it: that wipes its keys, and ends nothing. */
export class ShellSession implements Disposable {
  readonly #parts: SessionParts;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** 24 characters; tells nothing about the token. */
  get id(): string {
    return this.#parts.id;
  }

  get facts(): SessionFacts {
    return this.#parts.facts;
  }

  /** False where nothing could be kept in memory: then the token alone binds. */
  get isInMemory(): boolean {
    return this.#parts.place.isInMemory;
  }

  /** Milliseconds until it is over: if it is not used, and in any case. */
  timeLeft(): { readonly idleMs: number; readonly lifetimeMs: number } {
    const { facts, clock } = this.#parts;
    const lifetimeMs = Math.max(0, facts.lifetimeMs - msSince(facts.created, clock));
    const idleMs = Math.max(0, facts.idleMs - msSince(this.#used() ?? facts.created, clock));
    return { idleMs: Math.min(idleMs, lifetimeMs), lifetimeMs };
  }

  /** Notes that it is used. Refuses, and ends it, if its time is over. */
  touch(): Done | Refused {
    const { directory, keys, clock } = this.#parts;
    if (this.#isOver()) return refuse('logged-out');
    const used = this.#used();
    if (used === undefined) return this.#isOver() ? refuse('logged-out') : refuse('damaged');
    if (this.timeLeft().idleMs === 0) {
      this.end();
      return refuse('expired');
    }
    if (msSince(used, clock) < USED_STEP_MS && directory.has(USED_FILE)) return DONE;
    const moment = formatMoment(now(clock));
    return this.#write(USED_FILE, Buffer.concat([moment, keys.mark(USED_FILE, [moment])]));
  }

  /**
   * Keeps the key of a vault and makes the vault the current one. A vault that is there already gets the new key.
   *
   * @param vault 1 to 255 bytes on one line
   * @param key 1 to 65,536 bytes, copied; the caller wipes them
   */
  login(vault: string, key: Uint8Array): Done | Refused {
    const made = this.#sealAt(() => this.#parts.keys.fileOf(vault), vault, key);
    if (made.kind === 'refused') return made;
    const written = this.#write(made.label, made.sealed);
    return written.kind === 'refused' ? written : this.#makeCurrent(vault);
  }

  /** Makes a vault the current one. */
  use(vault: string): Done | Refused {
    const touched = this.touch();
    if (touched.kind === 'refused') return touched;
    const entry = this.#entry(this.#parts.keys.fileOf(vault));
    if ('kind' in entry) return entry;
    entry.key.release();
    return this.#makeCurrent(vault);
  }

  /** The key of a vault, of the current one if none is named. */
  key(vault?: string): VaultKey | Refused {
    const touched = this.touch();
    if (touched.kind === 'refused') return touched;
    const name = vault ?? this.#current();
    if (name === undefined) return refuse('not-logged-in');
    const entry = this.#entry(this.#parts.keys.fileOf(name));
    return 'kind' in entry ? entry : { kind: 'key', vault: entry.name, key: entry.key };
  }

  /** What names a vault where it is kept elsewhere. */
  labelOf(vault: string): string {
    return `${ELSEWHERE}${this.#parts.keys.fileOf(vault)}`;
  }

  /**
   * Seals the key of a vault that the caller keeps elsewhere, for as long as it likes: it opens in this session alone, and not
   * when that is over.
   *
   * @param vault 1 to 255 bytes on one line
   * @param key 1 to 65,536 bytes, copied; the caller wipes them
   */
  seal(vault: string, key: Uint8Array): SealedVault | Refused {
    return this.#sealAt(() => this.labelOf(vault), vault, key);
  }

  /** Opens what {@link seal} made under this label. */
  unseal(label: string, sealed: Uint8Array): OpenedVault | Refused {
    const touched = this.touch();
    if (touched.kind === 'refused') return touched;
    const plain = label.startsWith(ELSEWHERE) ? this.#parts.keys.open(label, sealed) : undefined;
    if (plain === undefined) return refuse('damaged');
    const { name, loggedInAtUnixMs, key } = parseVaultEntry(plain);
    return { kind: 'key', vault: name, loggedInAtUnixMs, key };
  }

  /** What it is logged in to, by name. */
  vaults(): readonly OpenVault[] {
    const current = this.#current();
    const names = this.#parts.directory.names().filter((name) => VAULT_FILE.test(name));
    const vaults = names.flatMap((file): OpenVault[] => {
      const entry = this.#entry(file);
      if ('kind' in entry) return [];
      entry.key.release();
      const { name, loggedInAtUnixMs } = entry;
      return [{ name, isCurrent: name === current, loggedInAtUnixMs }];
    });
    return vaults.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Forgets the key of one vault. */
  logout(vault: string): Done | Refused {
    const { directory, keys } = this.#parts;
    if (this.#isOver()) return refuse('logged-out');
    const wasCurrent = this.#current() === vault;
    if (!directory.erase(keys.fileOf(vault))) return refuse('not-logged-in');
    if (wasCurrent) directory.erase(CURRENT_FILE);
    return DONE;
  }

  /** Forgets the keys of all vaults. The session goes on: the token stays good for the next login. */
  lock(): Done | Refused {
    const { directory } = this.#parts;
    if (this.#isOver()) return refuse('logged-out');
    for (const name of directory.names()) if (VAULT_FILE.test(name)) directory.erase(name);
    directory.erase(CURRENT_FILE);
    return DONE;
  }

  /** Ends the session for every process: its token opens nothing any more. */
  end(): void {
    eraseSession(this.#parts.place.directory, this.id);
  }

  [Symbol.dispose](): void {
    const { keys, directory, place } = this.#parts;
    keys[Symbol.dispose]();
    directory[Symbol.dispose]();
    place.directory[Symbol.dispose]();
  }

  #isOver(): boolean {
    return !this.#parts.directory.has(RECORD_FILE);
  }

  /** Undefined if the file is damaged. */
  #used(): Moment | undefined {
    const { keys, facts } = this.#parts;
    const bytes = this.#read(USED_FILE);
    if (bytes === undefined) return facts.created;
    const moment = bytes.subarray(0, MOMENT_BYTES);
    if (!keys.isMark(bytes.subarray(MOMENT_BYTES), USED_FILE, [moment])) return undefined;
    return { bootMs: Number(moment.readBigUInt64BE()), unixMs: Number(moment.readBigUInt64BE(8)) };
  }

  #makeCurrent(vault: string): Done | Refused {
    const { keys, fill } = this.#parts;
    return this.#write(CURRENT_FILE, keys.seal(CURRENT_FILE, Buffer.from(vault), fill));
  }

  #current(): string | undefined {
    using plain = this.#open(CURRENT_FILE);
    return plain?.bytes.toString('utf8');
  }

  /** Seals the key of a vault for the place where it will lie. */
  #sealAt(placeOf: () => string, vault: string, key: Uint8Array): SealedVault | Refused {
    if (!isVaultName(vault)) return refuse('invalid-name');
    if (key.length === 0 || key.length > MAX_KEY_BYTES) return refuse('invalid-key');
    const touched = this.touch();
    if (touched.kind === 'refused') return touched;
    const { keys, clock, fill } = this.#parts;
    using plain = formatVaultEntry(vault, clock.unixMs(), key);
    const label = placeOf();
    return { kind: 'sealed', label, sealed: keys.seal(label, plain.bytes, fill) };
  }

  #entry(file: string): VaultEntry | Refused {
    const plain = this.#open(file);
    if (plain !== undefined) return parseVaultEntry(plain);
    if (this.#isOver()) return refuse('logged-out');
    return refuse(this.#read(file) === undefined ? 'not-logged-in' : 'damaged');
  }

  #open(file: string): SecretBytes | undefined {
    const sealed = this.#read(file);
    return sealed === undefined ? undefined : this.#parts.keys.open(file, sealed);
  }

  /** What is there but not as it should be reads as empty, and so as damaged. */
  #read(file: string): Buffer | undefined {
    try {
      return this.#parts.directory.read(file, MAX_FILE_BYTES);
    } catch (error) {
      if (error instanceof UnsafeDirectoryError) return Buffer.alloc(0);
      throw error;
    }
  }

  #write(file: string, bytes: Buffer): Done | Refused {
    const { directory } = this.#parts;
    const isWritten = directory.replace(file, bytes);
    if (isWritten === 'no-room') return refuse('no-room');
    // Whoever logs out at this moment must not leave a key behind, nor hear of a login that is none.
    if (isWritten === 'written' && !this.#isOver()) return DONE;
    directory.erase(file);
    return refuse('logged-out');
  }
}
