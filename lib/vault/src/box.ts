// A box: a head that anybody can read and a content that only the key opens, both bound to the place where the box lies;
// docs/formats/vault.md, "Box". Reading never throws, whatever the bytes are.

import { ok, type Result, refuse } from '@chatelaine/contract';
import {
  type FillRandom,
  openSealed,
  SEAL_NONCE_BYTES,
  SEAL_TAG_BYTES,
  type SecretBytes,
  sealInto,
} from '@chatelaine/secret';
import type { z } from 'zod';

const FIRST_FORMAT = 1;
const HEAD_AT = 5;
const MAX_HEAD_BYTES = 1_048_576;

const decoder = new TextDecoder('utf-8', { fatal: true });

/** What a box is for and where it lies. */
export interface BoxPlace {
  readonly domain: 'header' | 'key slot' | 'wrapped key' | 'rotation' | 'contents' | 'anchor';
  /** The key in the store; empty for the anchor. */
  readonly at: Uint8Array;
}

/** A box whose head is read; nothing vouches for it before the box is opened. */
export interface ReadBox<Head> {
  readonly head: Head;
  readonly bytes: Uint8Array;
  /** Where the nonce begins. */
  readonly nonceAt: number;
}

const associate = ({ domain, at }: BoxPlace, front: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(`chatelaine ${domain}\0${Buffer.from(at).toString('hex')}\0`, 'ascii'), front]);

/** Makes a box. The caller wipes `content`. */
export const sealBox = (options: {
  readonly place: BoxPlace;
  readonly head: Readonly<Record<string, unknown>>;
  readonly content: Uint8Array;
  readonly key: Uint8Array;
  readonly fill: FillRandom;
  /** 1 if absent. */
  readonly format?: number;
}): Uint8Array => {
  const head = Buffer.from(JSON.stringify(options.head), 'utf8');
  const nonceAt = HEAD_AT + head.length;
  const box = Buffer.allocUnsafeSlow(nonceAt + SEAL_NONCE_BYTES + options.content.length + SEAL_TAG_BYTES);
  box[0] = options.format ?? FIRST_FORMAT;
  box.writeUInt32BE(head.length, 1);
  box.set(head, HEAD_AT);
  const nonce = box.subarray(nonceAt, nonceAt + SEAL_NONCE_BYTES);
  options.fill(nonce);
  const associated = associate(options.place, box.subarray(0, nonceAt));
  sealInto(box.subarray(nonceAt + SEAL_NONCE_BYTES), options.content, { key: options.key, nonce, associated });
  return new Uint8Array(box.buffer);
};

/**
 * Reads the head. Refusals: `unsupported-format`, `damaged`; `what` names the box in the message.
 *
 * @param schemas of the formats, from the first on
 */
export const readBox = <Head>(
  bytes: Uint8Array,
  schemas: readonly [z.ZodType<Head>, ...z.ZodType<Head>[]],
  what: string,
): Result<ReadBox<Head>> => {
  const format = bytes[0] ?? 0;
  if (format > schemas.length) return refuse('unsupported-format', { message: `${what} is of format ${format}` });
  const damaged = refuse('damaged', { message: `${what} cannot be read` });
  const schema = schemas[format - FIRST_FORMAT];
  if (schema === undefined || bytes.length < HEAD_AT) return damaged;
  const headBytes = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(1);
  const nonceAt = HEAD_AT + headBytes;
  if (headBytes > MAX_HEAD_BYTES || bytes.length < nonceAt + SEAL_NONCE_BYTES + SEAL_TAG_BYTES) return damaged;
  let json: unknown;
  try {
    json = JSON.parse(decoder.decode(bytes.subarray(HEAD_AT, nonceAt)));
  } catch {
    return damaged;
  }
  const head = schema.safeParse(json);
  return head.success ? ok({ head: head.data, bytes, nonceAt }) : damaged;
};

/** Opens a box; undefined if the key is another, the box was changed or lay elsewhere. The caller releases. */
export const openBox = <Head>(box: ReadBox<Head>, place: BoxPlace, key: Uint8Array): SecretBytes | undefined => {
  const { bytes, nonceAt } = box;
  return openSealed(bytes.subarray(nonceAt + SEAL_NONCE_BYTES), {
    key,
    nonce: bytes.subarray(nonceAt, nonceAt + SEAL_NONCE_BYTES),
    associated: associate(place, bytes.subarray(0, nonceAt)),
  });
};
