// What the shell key is used for: one subkey for each purpose, in locked memory. Keyed BLAKE2b (RFC 7693) leaves no copy of a
// key in the ordinary heap, and neither does the sealing of libsodium.

import {
  areEqualBytes,
  type FillRandom,
  keyedHashInto,
  openSealed,
  SEAL_NONCE_BYTES,
  SEAL_TAG_BYTES,
  SecretBytes,
  sealInto,
} from '@chatelaine/secret';
import { base32 } from './base32.ts';

const KEY_BYTES = 32;
export const MARK_BYTES = 32;
const NAME_HASH_BYTES = 20;

/** The subkeys of one session. Whoever makes them releases them. */
export class SessionKeys implements Disposable {
  readonly #sessionId: string;
  readonly #record: SecretBytes;
  readonly #name: SecretBytes;
  readonly #vault: SecretBytes;

  constructor(sessionId: string, shellKey: SecretBytes) {
    const derive = (label: string): SecretBytes => {
      const key = SecretBytes.allocate(KEY_BYTES);
      keyedHashInto(key.bytes, shellKey.bytes, [Buffer.from(label)]);
      return key;
    };
    this.#sessionId = sessionId;
    this.#record = derive('record');
    this.#name = derive('name');
    this.#vault = derive('vault');
  }

  /** A mark that only this session can make, over a file's bytes. */
  mark(file: string, parts: readonly Uint8Array[]): Buffer {
    const mark = Buffer.alloc(MARK_BYTES);
    keyedHashInto(mark, this.#record.bytes, [Buffer.from(file), Buffer.from(this.#sessionId), ...parts]);
    return mark;
  }

  isMark(mark: Uint8Array, file: string, parts: readonly Uint8Array[]): boolean {
    return areEqualBytes(mark, this.mark(file, parts));
  }

  /** The file that a vault's key lies in; tells nothing of its name. */
  fileOf(vault: string): string {
    const hash = Buffer.alloc(MARK_BYTES);
    keyedHashInto(hash, this.#name.bytes, [Buffer.from(vault)]);
    return `v-${base32(hash.subarray(0, NAME_HASH_BYTES))}`;
  }

  /** Seals a file's content. The caller wipes `plain`. */
  seal(file: string, plain: Uint8Array, fill: FillRandom): Buffer {
    const sealed = Buffer.alloc(SEAL_NONCE_BYTES + plain.length + SEAL_TAG_BYTES);
    const nonce = sealed.subarray(0, SEAL_NONCE_BYTES);
    fill(nonce);
    const associated = Buffer.from(this.#sessionId + file);
    sealInto(sealed.subarray(SEAL_NONCE_BYTES), plain, { key: this.#vault.bytes, nonce, associated });
    return sealed;
  }

  /** A file's content, which the caller releases; undefined if it is not what this session sealed under that name. */
  open(file: string, sealed: Uint8Array): SecretBytes | undefined {
    if (sealed.length < SEAL_NONCE_BYTES) return undefined;
    const nonce = sealed.subarray(0, SEAL_NONCE_BYTES);
    const associated = Buffer.from(this.#sessionId + file);
    return openSealed(sealed.subarray(SEAL_NONCE_BYTES), { key: this.#vault.bytes, nonce, associated });
  }

  [Symbol.dispose](): void {
    for (const key of [this.#record, this.#name, this.#vault]) key.release();
  }
}
