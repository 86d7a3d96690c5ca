// A directory that only its owner can use, held by its descriptor. Invariant: nothing in it is reached through a link, and
// neither is the directory itself, so that another user can lead no one elsewhere, not even root.
//
// Node.js has no openat(2): names are resolved below `/proc/self/fd/N`, which is the open directory itself.

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmdirSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;
/** statfs(2): tmpfs and ramfs. */
const IN_MEMORY = new Set([0x0102_1994, 0x8584_58f6]);

/** A directory, or what it should hold, that is somebody else's, open to others, or a link. */
export class UnsafeDirectoryError extends Error {
  override readonly name = 'UnsafeDirectoryError';
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';

/** Links are not followed, what is not ours to open is somebody else's, and nothing here is a directory, a socket or a pipe. */
const UNSAFE = new Set(['ELOOP', 'ENOTDIR', 'EISDIR', 'ENXIO', 'EACCES', 'EPERM']);

/** What `act` gives; undefined if the name is not there. */
const ifThere = <T>(act: () => T): T | undefined => {
  try {
    return act();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw UNSAFE.has(codeOf(error)) ? new UnsafeDirectoryError() : error;
  }
};

/** A name beside that one which nobody else uses. */
const besides = (name: string): string => `${name}.${randomBytes(6).toString('hex')}`;

/** Who but its owner may use a directory: nobody; those who read it; or everybody, if none can take away what another made. */
export type Openness = 'private' | 'readable' | 'sticky';

const STICKY = 0o1000;
const OTHERS = 0o077;
const OTHERS_CAN_WRITE = 0o022;

const isAsOpenAs = (mode: number, openness: Openness): boolean => {
  if (openness === 'private') return (mode & OTHERS) === 0;
  return (mode & OTHERS_CAN_WRITE) === 0 || (openness === 'sticky' && (mode & STICKY) !== 0);
};

/** An open directory. Whoever opens it disposes of it. */
export class SafeDirectory implements Disposable {
  readonly #descriptor: number;
  readonly owner: number;

  private constructor(descriptor: number, owner: number) {
    this.#descriptor = descriptor;
    this.owner = owner;
  }

  /**
   * Opens it; undefined if it is not there.
   *
   * @throws {UnsafeDirectoryError} if it is a link, not a directory, another owner's, or open to more than that
   */
  static open(path: string, owner: number, openness: Openness): SafeDirectory | undefined {
    const descriptor = ifThere(() => openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    if (descriptor === undefined) return undefined;
    const { uid, mode } = fstatSync(descriptor);
    if (uid === owner && isAsOpenAs(mode, openness)) return new SafeDirectory(descriptor, owner);
    closeSync(descriptor);
    throw new UnsafeDirectoryError();
  }

  get isInMemory(): boolean {
    return IN_MEMORY.has(statfsSync(this.#path('.')).type);
  }

  /** Opens a directory in it, 0700 and of `owner`; makes it first if that is wanted. Undefined if it is not there. */
  child(name: string, owner: number, isMade: boolean): SafeDirectory | undefined {
    const path = this.#path(name);
    if (isMade) {
      try {
        mkdirSync(path, { mode: 0o700 });
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
      }
    }
    return SafeDirectory.open(path, owner, 'private');
  }

  /** When something in it was last made or removed. */
  get changedAtUnixMs(): number {
    return fstatSync(this.#descriptor).mtimeMs;
  }

  names(): readonly string[] {
    return ifThere(() => readdirSync(this.#path('.'))) ?? [];
  }

  /**
   * The content of a file of at most `limit` bytes; undefined if it is not there. The caller wipes it.
   *
   * @throws {UnsafeDirectoryError} if it is larger, a link, no file, or somebody else's
   */
  read(name: string, limit: number): Buffer | undefined {
    return this.#withFile(name, O_RDONLY | O_NONBLOCK, (descriptor) => {
      const { size } = fstatSync(descriptor);
      if (size > limit) throw new UnsafeDirectoryError();
      const bytes = Buffer.alloc(size);
      return bytes.subarray(0, readSync(descriptor, bytes, 0, size, 0));
    });
  }

  /** Whether such a file is there, and is as it should be. */
  has(name: string): boolean {
    try {
      return this.#withFile(name, O_RDONLY | O_NONBLOCK, () => true) ?? false;
    } catch (error) {
      if (error instanceof UnsafeDirectoryError) return false;
      throw error;
    }
  }

  /** Replaces a file as a whole: whoever reads at the same time gets the old content or the new. */
  replace(name: string, bytes: Uint8Array): 'written' | 'directory-gone' | 'no-room' {
    const temporary = besides(name);
    try {
      const descriptor = openSync(this.#path(temporary), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
      try {
        fchmodSync(descriptor, 0o600);
        // Root may work in the session of another user (sudo), whose files they stay.
        if (fstatSync(descriptor).uid !== this.owner) fchownSync(descriptor, this.owner, -1);
        for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
        renameSync(this.#path(temporary), this.#path(name));
        return 'written';
      } catch (error) {
        this.#remove(temporary);
        throw error;
      } finally {
        closeSync(descriptor);
      }
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return 'directory-gone';
      if (['ENOSPC', 'EDQUOT'].includes(codeOf(error))) return 'no-room';
      throw error;
    }
  }

  /**
   * Overwrites a file with zeros and removes it; whether it was there. Its name is gone first, so that whoever reads zeros can
   * tell an erased file from a damaged one.
   */
  erase(name: string): boolean {
    const away = besides(name);
    const isAway = ifThere(() => {
      renameSync(this.#path(name), this.#path(away));
      return true;
    });
    if (isAway !== true) return false;
    try {
      this.#withFile(away, O_WRONLY | O_NONBLOCK, (descriptor) => {
        const zeros = Buffer.alloc(fstatSync(descriptor).size);
        for (let at = 0; at < zeros.length; ) at += writeSync(descriptor, zeros, at, zeros.length - at, at);
      });
    } catch (error) {
      // What is none of ours has nothing in it to be zeroed.
      if (!(error instanceof UnsafeDirectoryError)) throw error;
    }
    this.#remove(away);
    return true;
  }

  /** Removes a directory in it; false if something is in there. */
  removeDirectory(name: string): boolean {
    try {
      ifThere(() => rmdirSync(this.#path(name)));
      return true;
    } catch (error) {
      if (codeOf(error) === 'ENOTEMPTY') return false;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }

  #path(name: string): string {
    return `/proc/self/fd/${this.#descriptor}/${name}`;
  }

  #remove(name: string): void {
    try {
      rmSync(this.#path(name), { recursive: true, force: true });
    } catch (error) {
      if (!UNSAFE.has(codeOf(error))) throw error;
    }
  }

  #withFile<T>(name: string, flags: number, act: (descriptor: number) => T): T | undefined {
    return ifThere(() => {
      const descriptor = openSync(this.#path(name), flags | O_NOFOLLOW);
      try {
        const stat = fstatSync(descriptor);
        if (!stat.isFile() || stat.uid !== this.owner || (stat.mode & OTHERS) !== 0) throw new UnsafeDirectoryError();
        return act(descriptor);
      } finally {
        closeSync(descriptor);
      }
    });
  }
}
