// Trocla's YAML file, in its own format and under its own lock, so that Ruby's trocla and this can take turns on it. Reading takes
// a shared flock(2) on the file itself, writing an exclusive one; the file stays the same file. A change touches only the bytes from
// the changed entry on, and nothing at all if the file cannot be understood.

import { closeSync, constants, existsSync, fstatSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { type PasswordRecord, type PasswordStore, PasswordStoreError, type RecordChange } from '../password-store.ts';
import { emitEntry } from './emit-yaml.ts';
import { lockFile } from './file-lock.ts';
import { parseEntries } from './parse-entries.ts';
import { recordOf, recordsOf, storedForm } from './record-codec.ts';
import type { TailChange } from './recovery-copy.ts';
import type { RubyValue } from './ruby-value.ts';
import type { ValueCipher } from './value-cipher.ts';
import { readRange, recoveryPath, syncDirectory } from './whole-io.ts';
import { type EntryPlace, findEntry, type ReadPiece } from './yaml-entries.ts';
import { withYamlParser } from './yaml-reader.ts';

const { O_CREAT, O_NOFOLLOW, O_RDONLY, O_RDWR } = constants;

export interface YamlFileSettings {
  readonly file: string;
  readonly cipher: ValueCipher;
  /** Mode of a file that is made anew. */
  readonly newFileMode: number;
  /** Said when a crash was repaired, or a recovery copy put aside. */
  readonly onNotice?: (message: string) => void;
}

/** What a look at the file came to. */
interface Look {
  /** What is stored under the key. */
  readonly entry: RubyValue | undefined;
  /** Where; absent if there is none, or if all entries were read. */
  readonly place?: EntryPlace;
  /** Where the last entry ends. */
  readonly contentEnd: number;
  /** Everything, if it had to be read. */
  readonly all?: Map<string, RubyValue>;
}

/** Reads an open file piece by piece, into the same memory. */
const pieceReader = (descriptor: number): ReadPiece => {
  let buffer = Buffer.alloc(0);
  return (position, length) => {
    if (buffer.length < length) buffer = Buffer.allocUnsafeSlow(length);
    let done = 0;
    while (done < length) {
      const read = readSync(descriptor, buffer, done, length - done, position + done);
      if (read === 0) break;
      done += read;
    }
    return buffer.toString('latin1', 0, done);
  };
};

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** A store in one YAML file. */
export class YamlFileStore implements PasswordStore {
  readonly #settings: YamlFileSettings;

  /** Throws `unreachable` if the directory does not exist. */
  constructor(settings: YamlFileSettings) {
    // Whichever way leads to the file: its recovery copy lies beside the file itself.
    this.#settings = existsSync(settings.file) ? { ...settings, file: realpathSync(settings.file) } : settings;
    const directory = path.dirname(settings.file);
    if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
      throw new PasswordStoreError('unreachable', `directory ${directory} does not exist`);
    }
  }

  async read(key: string): Promise<PasswordRecord | undefined> {
    const descriptor = this.#open(O_RDONLY);
    if (descriptor === undefined) return undefined;
    try {
      await this.#lockToRead(descriptor);
      const { entry } = await withYamlParser(() => this.#look(descriptor, key));
      return entry === undefined ? undefined : recordOf(key, entry);
    } finally {
      closeSync(descriptor);
    }
  }

  async update<Result>(
    key: string,
    decide: (current: PasswordRecord | undefined) => RecordChange<Result>,
  ): Promise<Result> {
    const descriptor = this.#openToWrite();
    try {
      lockFile(descriptor, 'exclusive');
      await this.#recover(descriptor);
      const look = await withYamlParser(() => this.#look(descriptor, key));
      const change = decide(look.entry === undefined ? undefined : recordOf(key, look.entry));
      if (change.kind === 'put') await this.#write(descriptor, key, look, storedForm(change.record));
      if (change.kind === 'remove' && look.entry !== undefined) await this.#write(descriptor, key, look, undefined);
      return change.result;
    } finally {
      closeSync(descriptor);
    }
  }

  async keys(): Promise<readonly string[]> {
    const descriptor = this.#open(O_RDONLY);
    if (descriptor === undefined) return [];
    try {
      await this.#lockToRead(descriptor);
      return [...(await withYamlParser(() => this.#parse(descriptor))).keys()];
    } finally {
      closeSync(descriptor);
    }
  }

  async readAll(): Promise<ReadonlyMap<string, PasswordRecord | PasswordStoreError>> {
    const descriptor = this.#open(O_RDONLY);
    if (descriptor === undefined) return new Map();
    try {
      await this.#lockToRead(descriptor);
      return recordsOf(await withYamlParser(() => this.#parse(descriptor)));
    } finally {
      closeSync(descriptor);
    }
  }

  async putAll(records: ReadonlyMap<string, PasswordRecord>): Promise<void> {
    if (records.size === 0) return;
    const descriptor = this.#openToWrite();
    try {
      lockFile(descriptor, 'exclusive');
      await this.#recover(descriptor);
      const all = await withYamlParser(() => this.#parse(descriptor));
      for (const [key, record] of records) all.set(key, storedForm(record));
      await this.#change(descriptor, this.#rewrite(all));
    } finally {
      closeSync(descriptor);
    }
  }

  sealValue(value: Uint8Array): Uint8Array {
    return this.#settings.cipher.seal(value);
  }

  openValue(stored: Uint8Array): Uint8Array {
    return this.#settings.cipher.open(stored);
  }

  close(): void {
    // Nothing stays open between two calls.
  }

  #open(flags: number, mode?: number): number | undefined {
    const { file } = this.#settings;
    try {
      return openSync(file, flags, mode);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw new PasswordStoreError('unreachable', `file ${file} cannot be opened (${codeOf(error)})`, { cause: error });
    }
  }

  #openToWrite(): number {
    const { file, newFileMode } = this.#settings;
    const existing = this.#open(O_RDWR);
    if (existing !== undefined) return existing;
    // Never through a link that somebody else laid.
    const made = this.#open(O_RDWR | O_CREAT | O_NOFOLLOW, newFileMode);
    if (made === undefined) throw new PasswordStoreError('unreachable', `file ${file} cannot be made`);
    syncDirectory(path.dirname(file));
    return made;
  }

  /** A recovery copy that can be seen under a shared lock was left by a crash: nobody is writing now. */
  async #lockToRead(descriptor: number): Promise<void> {
    lockFile(descriptor, 'shared');
    if (!existsSync(recoveryPath(this.#settings.file))) return;
    const writable = this.#openToWrite();
    try {
      lockFile(descriptor, 'exclusive');
      await this.#recover(writable);
    } finally {
      closeSync(writable);
    }
    lockFile(descriptor, 'shared');
  }

  async #recover(descriptor: number): Promise<void> {
    const { file, onNotice } = this.#settings;
    if (!existsSync(recoveryPath(file))) return;
    const { recoverFile } = await import('./recovery-copy.ts');
    const outcome = recoverFile(file, descriptor);
    if (outcome === 'completed') onNotice?.(`${file}: a change that was cut off by a crash was completed`);
    if (outcome === 'put-aside') {
      onNotice?.(
        `${file} was changed by others after a crash: ${recoveryPath(file)}.unused holds what was being written`,
      );
    }
  }

  #look(descriptor: number, key: string): Look {
    const found = findEntry(pieceReader(descriptor), key);
    if (found.kind === 'absent') return { entry: undefined, contentEnd: found.contentEnd };
    if (found.kind === 'found') {
      const { place, contentEnd } = found;
      return { entry: this.#parsed(Buffer.from(place.text, 'latin1').toString()).get(key), place, contentEnd };
    }
    const all = this.#parse(descriptor);
    return { entry: all.get(key), all, contentEnd: 0 };
  }

  #parse(descriptor: number): Map<string, RubyValue> {
    const bytes = readRange(descriptor, 0, fstatSync(descriptor).size);
    try {
      return this.#parsed(bytes.toString());
    } finally {
      bytes.fill(0);
    }
  }

  #parsed(text: string): Map<string, RubyValue> {
    try {
      return parseEntries(text);
    } catch (error) {
      if (!(error instanceof PasswordStoreError)) throw error;
      throw new PasswordStoreError(error.code, `${this.#settings.file}: ${error.message}`, { cause: error });
    }
  }

  async #write(descriptor: number, key: string, look: Look, value: RubyValue | undefined): Promise<void> {
    if (look.all === undefined) return this.#change(descriptor, this.#splice(descriptor, key, look, value));
    if (value === undefined) look.all.delete(key);
    else look.all.set(key, value);
    return this.#change(descriptor, this.#rewrite(look.all));
  }

  async #change(descriptor: number, change: TailChange): Promise<void> {
    const { changeTail } = await import('./recovery-copy.ts');
    try {
      changeTail(this.#settings.file, descriptor, change);
    } finally {
      change.bytes.fill(0);
    }
  }

  #splice(descriptor: number, key: string, { place, contentEnd }: Look, value: RubyValue | undefined): TailChange {
    const entry = Buffer.from(value === undefined ? '' : emitEntry(key, value));
    if (contentEnd === 0) return { offset: 0, bytes: Buffer.concat([Buffer.from('---\n'), entry]) };
    if (place === undefined) return { offset: contentEnd, bytes: entry };
    const rest = readRange(descriptor, place.end, contentEnd);
    const isLast = place.start === '---\n'.length && rest.length === 0 && entry.length === 0;
    if (isLast) return { offset: 0, bytes: Buffer.from('--- {}\n') };
    return { offset: place.start, bytes: Buffer.concat([entry, rest]) };
  }

  #rewrite(all: ReadonlyMap<string, RubyValue>): TailChange {
    const entries = [...all].map(([each, stored]) => emitEntry(each, stored)).join('');
    return { offset: 0, bytes: Buffer.from(entries === '' ? '--- {}\n' : `---\n${entries}`) };
  }
}
