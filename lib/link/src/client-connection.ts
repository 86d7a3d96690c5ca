// The client's side of one connection: questions get ids, answers find their questions. Every question that was sent is
// told exactly once what became of it, unless it was cancelled first.

import type { TLSSocket } from 'node:tls';
import { countAttachments, decodeMessage, type PreparedMessage, type Result } from '@chatelaine/contract';
import { FRAME_HEAD_BYTES, FrameFormError, frameKind, LINK_VERSION, numberBody } from './frame.ts';
import { FrameChannel } from './frame-channel.ts';
import type { ReadFrame } from './frame-reader.ts';
import { fromResultBody } from './result-body.ts';

/** A question as the connection sees it. */
export interface Question {
  readonly kind: 'call' | 'subscribe';
  readonly body: PreparedMessage;
  /** The one answer. Returns whether the stream goes on: items and an end follow. */
  answered(result: Result<unknown>): boolean;
  /** An item, the frame's size, and what to wipe if nobody takes it. */
  received(item: unknown, sizeBytes: number, body: Buffer | undefined): void;
  ended(result: Result<unknown>): void;
  /** The server did not look at it, and never will on this connection. */
  bounced(): void;
  /** The connection is gone; whether the question was looked at is unknown. */
  lost(): void;
}

export interface ClientConnectionOptions {
  /** The server accepted us. */
  readonly up: () => void;
  /** No more questions are taken here. */
  readonly leaving: () => void;
  readonly closed: (error: Error | undefined) => void;
  /** Milliseconds of silence after which the server is asked whether it is there, and again until it is given up. */
  readonly pingMs: number;
  readonly stallMs: number;
}

export class ClientConnection {
  readonly #options: ClientConnectionOptions;
  readonly #channel: FrameChannel;
  readonly #open = new Map<number, Question>();
  readonly #ping: NodeJS.Timeout;
  #nextId = 1;
  #isUp = false;
  #silentTicks = 0;

  constructor(stream: TLSSocket, options: ClientConnectionOptions) {
    this.#options = options;
    this.#channel = new FrameChannel(stream, {
      receive: (frame) => this.#receive(frame),
      closed: (error) => this.#close(error),
      stallMs: options.stallMs,
    });
    this.#ping = setInterval(() => this.#checkSilence(), options.pingMs).unref();
  }

  /** Bytes that were not taken by the stream yet. */
  get queuedBytes(): number {
    return this.#channel.queuedBytes;
  }

  /** Sends a question; returns the id to cancel it with. */
  ask(question: Question): number {
    while (this.#open.has(this.#nextId)) this.#advance();
    const id = this.#nextId;
    this.#advance();
    this.#open.set(id, question);
    this.#channel.send(frameKind[question.kind], id, question.body);
    return id;
  }

  /** Forgets a question and tells the server so. */
  cancel(id: number): void {
    if (this.#open.delete(id)) this.#channel.send(frameKind.cancel, id);
  }

  /** Lets the server send so many more bytes of a stream. */
  grant(id: number, bytes: number): void {
    if (this.#open.has(id)) this.#channel.send(frameKind.credit, id, numberBody(bytes));
  }

  async end(): Promise<void> {
    await this.#channel.end();
  }

  destroy(error?: Error): void {
    this.#channel.destroy(error);
  }

  #advance(): void {
    this.#nextId = this.#nextId === 0xffff_ffff ? 1 : this.#nextId + 1;
  }

  #receive(frame: ReadFrame): void {
    if (frame.kind === frameKind.hello) {
      this.#greet(frame);
      return;
    }
    if (!this.#isUp) throw new FrameFormError('the server did not begin with a hello');
    switch (frame.kind) {
      case frameKind.result:
      case frameKind.item:
      case frameKind.end:
        this.#deliver(frame);
        return;
      case frameKind.bounced: {
        const question = this.#open.get(frame.id);
        this.#open.delete(frame.id);
        question?.bounced();
        return;
      }
      case frameKind.pong:
        return;
      case frameKind.goaway:
        this.#options.leaving();
        return;
      default:
        throw new FrameFormError('a frame has a kind that is not for a client');
    }
  }

  #greet(frame: ReadFrame): void {
    const hello = decodeMessage(frame.body);
    if (typeof hello !== 'object' || hello === null || !('version' in hello) || hello.version !== LINK_VERSION) {
      throw new FrameFormError('the server speaks another version of the link');
    }
    if (this.#isUp) throw new FrameFormError('a second hello');
    this.#isUp = true;
    this.#options.up();
  }

  #deliver({ kind, id, body: received, isOwn }: ReadFrame): void {
    const question = this.#open.get(id);
    if (question === undefined) {
      // The answer to what was cancelled meanwhile.
      if (isOwn) received.fill(0);
      return;
    }
    let own: Buffer | undefined = isOwn ? received : undefined;
    if (!isOwn && countAttachments(received) > 0) {
      // Not from the pool: this memory becomes the asker's alone.
      own = Buffer.allocUnsafeSlow(received.length);
      received.copy(own);
    }
    const value = decodeMessage(own ?? received);
    if (kind === frameKind.item) {
      // The same count as the server's, or the window would shrink with every item.
      question.received(value, FRAME_HEAD_BYTES + received.length, own);
      return;
    }
    const result = fromResultBody(value);
    if (result === undefined) throw new FrameFormError('a result has another form');
    if (kind === frameKind.end) {
      this.#open.delete(id);
      question.ended(result);
    } else if (!question.answered(result)) this.#open.delete(id);
  }

  #checkSilence(): void {
    this.#silentTicks = this.#channel.takeReceived() ? 0 : this.#silentTicks + 1;
    if (this.#silentTicks > 2) this.destroy(new Error('the server is silent'));
    else if (this.#silentTicks > 0) this.#channel.send(frameKind.ping, 0);
  }

  #close(error: Error | undefined): void {
    clearInterval(this.#ping);
    this.#options.closed(error);
    const lost = [...this.#open.values()];
    this.#open.clear();
    for (const question of lost) question.lost();
  }
}
