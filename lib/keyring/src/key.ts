// A key of the kernel, by its id. A Key holds no payload: every method asks the kernel.

import { checkId } from './argument-checks.ts';
import { type KeyDescription, parseDescription } from './key-description.ts';
import * as keyctl from './keyctl.ts';

/** A key that exists, or did when it was found. Every method throws a KeyctlError if the kernel refuses. */
export class Key {
  /** Positive, or one of {@link import('./special-keyring.ts').specialKeyring}. */
  readonly id: number;

  constructor(id: number) {
    this.id = checkId(id);
  }

  /** Type, owner, mask and description. */
  describe(): KeyDescription {
    return parseDescription(keyctl.describe(this.id));
  }

  /** The payload, in a buffer of its own that the caller wipes. */
  read(): Buffer {
    return keyctl.read(this.id);
  }

  /** Reads the payload, hands it on, and wipes it when `use` is done, in whatever way. */
  use<Result>(use: (payload: Buffer) => Result): Result {
    const payload = this.read();
    try {
      return use(payload);
    } finally {
      payload.fill(0);
    }
  }

  /** Replaces the payload and removes the expiry. */
  update(payload: Uint8Array): void {
    keyctl.update(this.id, payload);
  }

  /** Lets it expire in so many seconds; 0 lets it live. */
  setTimeout(seconds: number): void {
    keyctl.setTimeout(this.id, seconds);
  }

  setPermissions(mask: number): void {
    keyctl.setPermissions(this.id, mask);
  }

  /** Gives it to another account or group; -1 leaves one as it is. */
  chown(uid: number, gid: number): void {
    keyctl.chown(this.id, uid, gid);
  }

  /** Makes every use of it fail at once. It stays listed for some minutes. */
  revoke(): void {
    keyctl.revoke(this.id);
  }

  /** Removes it everywhere at once, whoever links to it. */
  invalidate(): void {
    keyctl.invalidate(this.id);
  }

  linkTo(keyring: Key): void {
    keyctl.link(this.id, keyring.id);
  }

  /** Removes one link. Others that hold one go on reading. */
  unlinkFrom(keyring: Key): void {
    keyctl.unlink(this.id, keyring.id);
  }

  /** Moves it in one step. With `exclusive` it fails with EEXIST if the name is taken in `to`. */
  move(from: Key, to: Key, options: { exclusive?: boolean } = {}): void {
    keyctl.move(this.id, from.id, to.id, options);
  }
}
