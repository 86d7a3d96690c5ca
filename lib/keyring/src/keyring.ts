// A keyring of the kernel: a key whose payload is links to other keys.

import type { KernelText } from './argument-checks.ts';
import { Key } from './key.ts';
import * as keyctl from './keyctl.ts';
import { isKeyctlError, isMissing } from './keyctl-error.ts';
import { getInt } from './native-words.ts';
import { specialKeyring } from './special-keyring.ts';

/** A key in a listing, as it was when it was looked at. */
export interface ListedKey {
  readonly key: Key;
  readonly type: string;
  readonly description: Buffer;
}

/** A keyring that exists, or did when it was found. */
export class Keyring extends Key {
  /** One of the keyrings that the kernel resolves for the calling thread. */
  static special(name: keyof typeof specialKeyring): Keyring {
    return new Keyring(specialKeyring[name]);
  }

  /** The persistent keyring of a uid (-1 for one's own), linked to `into`. It outlives the login. */
  static persistent(into: Keyring, uid = -1): Keyring {
    return new Keyring(keyctl.getPersistent(uid, into.id));
  }

  /** Makes a key in it, or updates the one of that type and description that is directly in it. */
  add(type: KernelText, description: KernelText, payload: Uint8Array): Key {
    return new Key(keyctl.addKey(type, description, payload, this.id));
  }

  /**
   * Makes a keyring in it. One of the same name is displaced, and lost if nothing else links to it: `makeKeyring` of this package
   * does not do that.
   */
  addKeyring(description: KernelText): Keyring {
    return new Keyring(keyctl.addKey('keyring', description, null, this.id));
  }

  /** Looks in it and in what is nested in it, the nearest first. Undefined if it is missing, revoked or expired. */
  search(type: KernelText, description: KernelText): Key | undefined {
    try {
      return new Key(keyctl.search(this.id, type, description));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** As {@link search}, for a keyring. */
  searchKeyring(description: KernelText): Keyring | undefined {
    const found = this.search('keyring', description);
    return found === undefined ? undefined : new Keyring(found.id);
  }

  /** The ids of what it links to. */
  ids(): readonly number[] {
    const links = this.read();
    return Array.from({ length: links.length >> 2 }, (_, index) => getInt(links, 4 * index));
  }

  /** What it links to. Keys that vanish meanwhile or may not be looked at are left out. */
  list(): readonly ListedKey[] {
    return this.ids().flatMap((id) => {
      const key = new Key(id);
      try {
        const { type, description } = key.describe();
        return [{ key, type, description }];
      } catch (error) {
        if (isMissing(error) || isKeyctlError(error, 'EACCES')) return [];
        throw error;
      }
    });
  }

  /** Removes all its links. */
  clear(): void {
    keyctl.clear(this.id);
  }

  /** Lets it take only such links; without arguments none any more, not even updates. It can be done once. */
  restrict(type: KernelText | null = null, restriction: KernelText | null = null): void {
    keyctl.restrictKeyring(this.id, type, restriction);
  }
}
