// What servers gave, put together: a password is one as it is; shares of one become one as soon as there are enough.

import { type DiskShare, isDiskShare, joinDiskShares, parseDiskShare } from '@chatelaine/machine-keys/disk-shares';

export type Taken =
  /** The caller wipes it. */
  | { readonly kind: 'password'; readonly password: Buffer }
  | { readonly kind: 'share'; readonly missing: number }
  | { readonly kind: 'wrong'; readonly text: string };

export class CollectedAnswers {
  /** By the server that gave it: the last one counts. */
  readonly #shares = new Map<string, DiskShare>();

  /** Takes what a server's message had in it; it is this object's from now on. */
  take(server: string, plaintext: Buffer): Taken {
    if (!isDiskShare(plaintext)) return { kind: 'password', password: plaintext };
    const share = parseDiskShare(plaintext);
    if (share === undefined) {
      plaintext.fill(0);
      return { kind: 'wrong', text: 'gave a share of the password that is damaged' };
    }
    this.#shares.get(server)?.value.fill(0);
    this.#shares.set(server, share);
    const joined = joinDiskShares([share, ...this.#shares.values()]);
    if (joined.kind === 'password') {
      this.wipe();
      return joined;
    }
    if (joined.kind === 'missing') return { kind: 'share', missing: joined.shares };
    return { kind: 'wrong', text: 'gave a share of the password that does not go with the others' };
  }

  wipe(): void {
    for (const { value } of this.#shares.values()) value.fill(0);
    this.#shares.clear();
  }
}
