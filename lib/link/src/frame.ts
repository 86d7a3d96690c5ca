// The frames of the link, inside the TLS stream. Layout and rules: docs/formats/link.md.
//
//   u32 length of what follows | u8 kind | u32 id | body
//
// All integers are big-endian. A body is a message of lib/contract, a u32, or empty, as its kind says. Whatever is not
// exactly such a frame ends the connection: behind the handshake only bugs and attackers send it.

import type { PreparedMessage } from '@chatelaine/contract';

/** What a frame says. */
export const frameKind = {
  /** Server → client, first: the handshake was accepted. Body: {version}. */
  hello: 1,
  /** Client → server: a question. Body: {operation, input, requestId?}. */
  call: 2,
  /** Client → server: a question whose answer is a stream. Body: {operation, input, requestId?, window}. */
  subscribe: 3,
  /** Server → client: the one answer to a call, or whether a stream was opened. Body: a result. */
  result: 4,
  /** Server → client: one item of a stream. Body: the item. */
  item: 5,
  /** Server → client: nothing more comes. Body: a result that says why. */
  end: 6,
  /** Client → server: the answer is not wanted any more. Empty. */
  cancel: 7,
  /** Client → server: so many more bytes of items are wanted. Body: u32. */
  credit: 8,
  /** Client → server: are you there? Empty. */
  ping: 9,
  /** Server → client: yes. Empty. */
  pong: 10,
  /** Server → client: ask nothing more here; what is being answered will be. Empty. */
  goaway: 11,
  /** Server → client: this question came after the goaway and was not looked at. Empty. */
  bounced: 12,
} as const;

export type FrameKind = (typeof frameKind)[keyof typeof frameKind];

/** Length, kind and id. */
export const FRAME_HEAD_BYTES = 9;

/** What the length counts besides the body. */
export const COUNTED_HEAD_BYTES = 5;

/** Longest body. Leaves room for the largest transaction of a store and its frame. */
export const MAX_BODY_BYTES = 2 * 1_024 * 1_024;

/** Version of frames and bodies, said in the hello. */
export const LINK_VERSION = 1;

/** The other side sent what is no frame, or one that has no place there. */
export class FrameFormError extends Error {
  override readonly name = 'FrameFormError';
}

/** A body that can be written: a prepared message, or a number. */
export type FrameBody = Pick<PreparedMessage, 'sizeBytes' | 'attachments' | 'writeInto'>;

/** The body of a credit frame. */
export const numberBody = (value: number): FrameBody => ({
  sizeBytes: 4,
  attachments: 0,
  writeInto: (target, offset) => {
    target.writeUInt32BE(value, offset);
  },
});
