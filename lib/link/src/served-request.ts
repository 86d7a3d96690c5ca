// One question while it is being answered. The signal is made only when somebody looks at it, since most answers are
// there before anybody could give up.

import { decodeMessage } from '@chatelaine/contract';
import { FrameFormError } from './frame.ts';
import type { LinkRequest } from './peer.ts';

/** The body of a call or subscribe frame. */
export interface Question {
  readonly operation: string;
  readonly input: unknown;
  readonly requestId?: string;
  readonly credential?: Uint8Array;
  readonly source?: string;
  /** Bytes of items that may be sent before more are asked for; 0 for a call. */
  readonly window: number;
}

/** Reads a question; byte arrays in its input are views of `body`. Throws if it is none. */
export const readQuestion = (body: Buffer): Question => {
  const question = decodeMessage(body);
  if (typeof question !== 'object' || question === null) throw new FrameFormError('a question is no object');
  const { operation, input, requestId, credential, source, window = 0 } = question as Readonly<Record<string, unknown>>;
  if (typeof operation !== 'string') throw new FrameFormError('a question names no operation');
  if (requestId !== undefined && typeof requestId !== 'string') throw new FrameFormError('a request id is no string');
  if (credential !== undefined && !(credential instanceof Uint8Array))
    throw new FrameFormError('a credential is no bytes');
  if (source !== undefined && typeof source !== 'string') throw new FrameFormError('a source is no string');
  if (typeof window !== 'number') throw new FrameFormError('a window is no number');
  return {
    operation,
    input,
    window,
    ...(requestId !== undefined && { requestId }),
    ...(credential !== undefined && { credential }),
    ...(source !== undefined && { source }),
  };
};

export class ServedRequest implements LinkRequest {
  readonly operation: string;
  readonly input: unknown;
  readonly requestId?: string;
  readonly credential?: Uint8Array;
  readonly source?: string;
  /** Bytes that the question takes while it is being answered. */
  readonly heldBytes: number;
  readonly isStream: boolean;
  readonly #body: Buffer | undefined;
  #controller: AbortController | undefined;
  #isAborted = false;
  #wake: (() => void) | undefined;
  /** Bytes of items that the peer still takes; only of a stream. */
  creditBytes: number;
  /** Called at once when the answer is not wanted any more. */
  onAbort: (() => void) | undefined;

  /** `body` is wiped when the question is answered; absent if nothing in the input needs it. */
  constructor(question: Question, isStream: boolean, heldBytes: number, body: Buffer | undefined) {
    this.operation = question.operation;
    this.input = question.input;
    if (question.requestId !== undefined) this.requestId = question.requestId;
    if (question.credential !== undefined) this.credential = question.credential;
    if (question.source !== undefined) this.source = question.source;
    this.creditBytes = question.window;
    this.isStream = isStream;
    this.heldBytes = heldBytes;
    this.#body = body;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isAborted) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  get isAborted(): boolean {
    return this.#isAborted;
  }

  /** The answer is not wanted any more. */
  abort(): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    this.#controller?.abort();
    this.onAbort?.();
    this.wake();
  }

  /** Resolves at the next {@link wake}. */
  sleep(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  wake(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  /** The answer was given: wipes the input. */
  finish(): void {
    this.#body?.fill(0);
  }
}
