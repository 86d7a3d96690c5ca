// The server's side of one authenticated connection. Every question is answered once, or its connection is gone; its input
// is wiped then. How much a peer can make us hold is bounded: questions in flight, bytes of their inputs, bytes of answers
// that it does not take.

import type { TLSSocket } from 'node:tls';
import {
  countAttachments,
  type PreparedMessage,
  prepareMessage,
  type Refused,
  type Result,
  refuse,
} from '@chatelaine/contract';
import { FrameFormError, type FrameKind, frameKind, LINK_VERSION, MAX_BODY_BYTES } from './frame.ts';
import { FrameChannel } from './frame-channel.ts';
import type { ReadFrame } from './frame-reader.ts';
import type { LinkHandler, LinkPeer } from './peer.ts';
import { toResultBody } from './result-body.ts';
import { readQuestion, ServedRequest } from './served-request.ts';

/** What one connection may make the server hold. */
export interface ConnectionLimits {
  /** Questions in flight; more are refused as `busy`. */
  readonly maxInFlight: number;
  /** Bytes of inputs in flight; more are refused as `busy`. */
  readonly maxInputBytes: number;
  /** Bytes of answers waiting for the peer, from which on no more questions are read and no more items are pushed. */
  readonly maxQueuedBytes: number;
  /** Milliseconds without the peer taking any byte after which it is let go. */
  readonly stallMs: number;
}

export interface ServerConnectionOptions extends ConnectionLimits {
  readonly peer: LinkPeer;
  readonly handler: LinkHandler;
  /** An answer could not be made: a bug. */
  readonly failed: (operation: string, error: unknown) => void;
  readonly closed: (error: Error | undefined) => void;
}

const prepareResult = (result: Result<unknown>): PreparedMessage => prepareMessage(toResultBody(result));
const BUSY = prepareResult(refuse('busy'));
const OPENED = prepareResult({ kind: 'ok', value: null });
const TOO_LARGE = prepareResult(refuse('too-large'));
const UNAVAILABLE = prepareResult(refuse('unavailable'));
const INTERNAL = prepareResult(refuse('internal'));
const ENDED = OPENED;
const HELLO = prepareMessage({ version: LINK_VERSION });

const isRefused = (answer: Refused | AsyncIterable<unknown>): answer is Refused => 'kind' in answer;

export class ServerConnection {
  readonly #options: ServerConnectionOptions;
  readonly #channel: FrameChannel;
  readonly #open = new Map<number, ServedRequest>();
  #inputBytes = 0;
  #isPaused = false;
  #isDraining = false;
  #whenIdle: (() => void) | undefined;

  constructor(stream: TLSSocket, options: ServerConnectionOptions) {
    this.#options = options;
    this.#channel = new FrameChannel(stream, {
      receive: (frame) => this.#receive(frame),
      progress: () => this.#relieve(),
      closed: (error) => this.#close(error),
      stallMs: options.stallMs,
    });
    this.#channel.send(frameKind.hello, 0, HELLO);
  }

  /** Takes no more questions, ends streams, waits for what is being answered, at most `drainMs`, and closes. */
  async drain(drainMs: number): Promise<void> {
    if (this.#channel.isClosed) return;
    this.#isDraining = true;
    this.#channel.send(frameKind.goaway, 0);
    for (const request of this.#open.values()) if (request.isStream) request.abort();
    if (this.#open.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, drainMs);
        this.#whenIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    // Also with questions left: a stream like a serial line has no other way to say that this is the end.
    await this.#channel.end();
  }

  #receive(frame: ReadFrame): void {
    switch (frame.kind) {
      case frameKind.call:
      case frameKind.subscribe:
        this.#take(frame);
        return;
      case frameKind.cancel:
        this.#open.get(frame.id)?.abort();
        return;
      case frameKind.credit: {
        if (frame.body.length !== 4) throw new FrameFormError('a credit is no number');
        const request = this.#open.get(frame.id);
        if (request === undefined) return;
        request.creditBytes += frame.body.readUInt32BE(0);
        request.wake();
        return;
      }
      case frameKind.ping:
        this.#send(frameKind.pong, frame.id);
        return;
      default:
        throw new FrameFormError('a frame has a kind that is not for a server');
    }
  }

  #take({ kind, id, body: received, isOwn }: ReadFrame): void {
    const { maxInFlight, maxInputBytes } = this.#options;
    if (this.#open.has(id)) throw new FrameFormError('an id is used twice at the same time');
    const isFull = this.#open.size >= maxInFlight || this.#inputBytes + received.length > maxInputBytes;
    if (this.#isDraining || isFull) {
      if (isOwn) received.fill(0);
      if (this.#isDraining) this.#send(frameKind.bounced, id);
      else this.#send(frameKind.result, id, BUSY);
      return;
    }
    let body: Buffer | undefined = isOwn ? received : undefined;
    if (!isOwn && countAttachments(received) > 0) {
      body = Buffer.allocUnsafeSlow(received.length);
      received.copy(body);
    }
    let request: ServedRequest;
    try {
      const isStream = kind === frameKind.subscribe;
      request = new ServedRequest(readQuestion(body ?? received), isStream, received.length, body);
    } catch (error) {
      body?.fill(0);
      throw error;
    }
    this.#open.set(id, request);
    this.#inputBytes += request.heldBytes;
    void (request.isStream ? this.#push(id, request) : this.#answer(id, request));
  }

  async #answer(id: number, request: ServedRequest): Promise<void> {
    let body = INTERNAL;
    let dispose: (() => void) | undefined;
    try {
      const answer = await this.#options.handler.call(this.#options.peer, request);
      dispose = answer.dispose;
      if (!request.isAborted) body = this.#checked(prepareResult(answer.result));
    } catch (error) {
      this.#options.failed(request.operation, error);
    }
    // Whoever cancelled has forgotten the question.
    if (!request.isAborted) this.#send(frameKind.result, id, body);
    this.#finish(id, request, dispose);
  }

  #checked(body: PreparedMessage): PreparedMessage {
    return body.sizeBytes > MAX_BODY_BYTES ? TOO_LARGE : body;
  }

  async #push(id: number, request: ServedRequest): Promise<void> {
    let isOpened = false;
    let last = ENDED;
    try {
      const items = await this.#options.handler.stream(this.#options.peer, request);
      if (isRefused(items)) last = prepareResult(items);
      else {
        isOpened = true;
        this.#send(frameKind.result, id, OPENED);
        last = await this.#pushItems(id, request, items);
      }
    } catch (error) {
      last = INTERNAL;
      if (!request.isAborted) this.#options.failed(request.operation, error);
    }
    this.#send(isOpened ? frameKind.end : frameKind.result, id, last);
    this.#finish(id, request, undefined);
  }

  /** Pushes while the peer takes; returns what the end says. */
  async #pushItems(id: number, request: ServedRequest, items: AsyncIterable<unknown>): Promise<PreparedMessage> {
    const iterator = items[Symbol.asyncIterator]();
    // A generator that does not watch its signal must not keep a peer that went away.
    const nextUnlessAborted = (): Promise<IteratorResult<unknown, unknown>> =>
      new Promise((resolve, reject) => {
        request.onAbort = () => resolve({ done: true, value: undefined });
        iterator.next().then(resolve, reject);
      });
    let isDone = false;
    try {
      while (!request.isAborted) {
        if (request.creditBytes <= 0 || this.#channel.queuedBytes > this.#options.maxQueuedBytes) {
          await request.sleep();
          continue;
        }
        const next = await nextUnlessAborted();
        if (request.isAborted) break;
        isDone = next.done === true;
        if (isDone) return ENDED;
        const item = prepareMessage(next.value);
        if (item.sizeBytes > MAX_BODY_BYTES) return TOO_LARGE;
        request.creditBytes -= this.#send(frameKind.item, id, item);
      }
      return UNAVAILABLE;
    } finally {
      request.onAbort = undefined;
      if (!isDone) this.#stopItems(iterator, request.operation);
    }
  }

  #stopItems(iterator: AsyncIterator<unknown>, operation: string): void {
    Promise.resolve(iterator.return?.()).catch((error: unknown) => this.#options.failed(operation, error));
  }

  #send(kind: FrameKind, id: number, body?: PreparedMessage): number {
    const sizeBytes = this.#channel.send(kind, id, body);
    if (!this.#isPaused && this.#channel.queuedBytes > this.#options.maxQueuedBytes) {
      this.#isPaused = true;
      this.#channel.pauseReading();
    }
    return sizeBytes;
  }

  #finish(id: number, request: ServedRequest, dispose: (() => void) | undefined): void {
    try {
      dispose?.();
    } catch (error) {
      this.#options.failed(request.operation, error);
    }
    this.#inputBytes -= request.heldBytes;
    request.finish();
    this.#open.delete(id);
    if (this.#open.size === 0) this.#whenIdle?.();
  }

  #relieve(): void {
    if (this.#channel.queuedBytes > this.#options.maxQueuedBytes / 2) return;
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#channel.resumeReading();
    }
    for (const request of this.#open.values()) if (request.isStream) request.wake();
  }

  #close(error: Error | undefined): void {
    for (const request of this.#open.values()) request.abort();
    this.#whenIdle?.();
    this.#options.closed(error);
  }
}
