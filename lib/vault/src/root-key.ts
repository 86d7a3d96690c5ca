// The root key opens everything else and is itself only in the key slots. From it come an id that tells nothing about it,
// and one key for each purpose; docs/formats/vault.md, "Keys".

import { type FillRandom, keyedHashInto, SecretBytes } from '@chatelaine/secret';

export const KEY_BYTES = 32;
const ID_BYTES = 8;

const derive = (root: Uint8Array, purpose: string): SecretBytes => {
  const derived = SecretBytes.allocate(KEY_BYTES);
  keyedHashInto(derived.bytes, root, [Buffer.from(`chatelaine vault 1\0${purpose}`, 'ascii')]);
  return derived;
};

/** The root key with what is derived from it. */
export class RootKey implements Disposable {
  /** 16 hex digits. */
  readonly id: string;
  readonly secret: SecretBytes;
  readonly wrapping: SecretBytes;
  readonly header: SecretBytes;
  readonly anchor: SecretBytes;
  readonly contents: SecretBytes;

  /** Takes over `secret`, of {@link KEY_BYTES}. */
  constructor(secret: SecretBytes) {
    this.secret = secret;
    using id = derive(secret.bytes, 'root key id');
    this.id = id.bytes.toString('hex', 0, ID_BYTES);
    this.wrapping = derive(secret.bytes, 'wrapping');
    this.header = derive(secret.bytes, 'header');
    this.anchor = derive(secret.bytes, 'anchor');
    this.contents = derive(secret.bytes, 'contents');
  }

  static create(fill: FillRandom): RootKey {
    return new RootKey(SecretBytes.random(KEY_BYTES, fill));
  }

  /** Wipes all of them. Idempotent. */
  release(): void {
    for (const key of [this.secret, this.wrapping, this.header, this.anchor, this.contents]) key.release();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
