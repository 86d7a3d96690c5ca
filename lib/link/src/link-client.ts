// The asking side of the link: a transport of the typed client. It connects when the first question is asked, and again
// after a loss while somebody waits, with growing, scattered pauses. Every question gets exactly one answer.

import type { Duplex } from 'node:stream';
import {
  type CallOptions,
  type PreparedMessage,
  prepareMessage,
  type Refused,
  type Result,
  refuse,
  type Transport,
} from '@chatelaine/contract';
import { ClientConnection } from './client-connection.ts';
import { type Asker, asStream, ClientQuestion } from './client-question.ts';
import { STREAM_WINDOW_BYTES } from './client-stream.ts';
import { MAX_BODY_BYTES } from './frame.ts';
import type { PeerKey } from './peer.ts';
import { HandshakeError, secureClientSide } from './secure-stream.ts';
import { shortReason } from './short-reason.ts';

/** How the connection is; for the log and for whoever wants to know at once. */
export type LinkState =
  | { readonly kind: 'up' }
  /** The server ends in order; what is being answered will be. */
  | { readonly kind: 'leaving' }
  | { readonly kind: 'down'; readonly reason: string };

export interface LinkClientOptions {
  /** Opens a stream to the server; called for every connection. */
  readonly connect: () => Promise<Duplex>;
  readonly key: PeerKey;
  readonly onState?: (state: LinkState) => void;
  /** Questions at the same time; more are refused as `busy`. 1,024 if absent, which is what a server takes. */
  readonly maxInFlight?: number;
  /** Bytes of questions waiting to be sent; more are refused as `busy`. 64 MiB if absent. */
  readonly maxQueuedBytes?: number;
  /**
   * Milliseconds a question without a deadline waits for a connection before it is refused as `unavailable`. 5,000 if
   * absent; 0 refuses it when the first attempt failed.
   */
  readonly waitMs?: number;
  /** Milliseconds for stream, handshake and greeting. 10,000 if absent. */
  readonly handshakeMs?: number;
  /** Milliseconds of silence before the server is asked whether it is there; given up after three. 15,000 if absent. */
  readonly pingMs?: number;
  /** Milliseconds without the server taking any byte before it is given up. 120,000 if absent. */
  readonly stallMs?: number;
  /** Pauses between attempts: at most `firstMs`, doubled each time up to `mostMs`. 50 and 5,000 if absent. */
  readonly backoff?: { readonly firstMs: number; readonly mostMs: number };
  /** Scatters the pauses; from 0 to below 1. */
  readonly random?: () => number;
}

const questionOf = (operation: string, input: unknown, { requestId, credential, source }: CallOptions) => ({
  operation,
  input,
  requestId,
  credential,
  source,
});

export class LinkClient implements Transport {
  readonly #options: LinkClientOptions;
  readonly #asker: Asker;
  readonly #waiting = new Set<ClientQuestion>();
  readonly #maxInFlight: number;
  #inFlight = 0;
  #waitingBytes = 0;
  #connection: ClientConnection | undefined;
  #isUp = false;
  #isConnecting = false;
  #isClosed = false;
  #failures = 0;
  #upSince = 0;
  #pause: NodeJS.Timeout | undefined;

  constructor(options: LinkClientOptions) {
    this.#options = options;
    this.#maxInFlight = options.maxInFlight ?? 1_024;
    this.#asker = {
      waitMs: options.waitMs ?? 5_000,
      queue: (question) => this.#queue(question),
      forget: (question) => this.#forget(question),
    };
  }

  /**
   * Asks once. Refused as `busy` beyond the limits, `too-large` beyond 2 MiB, `unavailable` when there is no connection in
   * time, or it is lost and the question has no request id; with one it is asked again on the next connection. `deadline`
   * when its time is up and the server may have seen it; `cancelled` by the signal. Byte arrays of the input are needed
   * until the answer is there. Those of the answer lie in memory of their own: the caller's to wipe.
   */
  call(operation: string, input: unknown, options: CallOptions = {}): Promise<Result<unknown>> {
    return this.#ask('call', questionOf(operation, input, options), options);
  }

  /**
   * Opens a stream; the deadline is for the opening. Iterating throws `StreamEndedError` when the stream is cut off; the
   * caller's own signal ends it quietly. Whoever does not read to the end calls `return` (`for await` does).
   */
  async stream(
    operation: string,
    input: unknown,
    options: CallOptions = {},
  ): Promise<Refused | AsyncIterable<unknown>> {
    const question = { ...questionOf(operation, input, options), window: STREAM_WINDOW_BYTES };
    return asStream(await this.#ask('subscribe', question, options));
  }

  /** Ends: what is still being asked is refused as `unavailable`, streams are cut off. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#pause);
    this.#pause = undefined;
    for (const question of [...this.#waiting]) question.giveUp();
    const connection = this.#connection;
    if (connection === undefined) return;
    if (this.#isUp) await connection.end();
    else connection.destroy();
  }

  async #ask(kind: 'call' | 'subscribe', question: object, options: CallOptions): Promise<Result<unknown>> {
    if (this.#isClosed) return refuse('unavailable');
    if (options.signal?.aborted === true) return refuse('cancelled');
    const body: PreparedMessage = prepareMessage(question);
    if (body.sizeBytes > MAX_BODY_BYTES) return refuse('too-large');
    const queuedBytes = this.#waitingBytes + (this.#connection?.queuedBytes ?? 0) + body.sizeBytes;
    const mostBytes = this.#options.maxQueuedBytes ?? 64 * 1_024 * 1_024;
    if (this.#inFlight >= this.#maxInFlight || queuedBytes > mostBytes) return refuse('busy');
    this.#inFlight++;
    return await new Promise((settle) => {
      const asked = new ClientQuestion(kind, body, options, this.#asker, settle);
      if (this.#isUp && this.#connection !== undefined) asked.send(this.#connection);
      else this.#queue(asked);
    });
  }

  #queue(question: ClientQuestion): void {
    if (this.#isClosed) {
      question.giveUp();
      return;
    }
    this.#waiting.add(question);
    this.#waitingBytes += question.body.sizeBytes;
    question.wait();
    this.#connectSoon();
  }

  #unqueue(question: ClientQuestion): void {
    if (this.#waiting.delete(question)) this.#waitingBytes -= question.body.sizeBytes;
  }

  #forget(question: ClientQuestion): void {
    this.#unqueue(question);
    this.#inFlight--;
  }

  #connectSoon(): void {
    if (this.#isConnecting || this.#connection !== undefined || this.#pause !== undefined) return;
    const { firstMs, mostMs } = this.#options.backoff ?? { firstMs: 50, mostMs: 5_000 };
    const most = this.#failures === 0 ? 0 : Math.min(mostMs, firstMs * 2 ** Math.min(this.#failures - 1, 30));
    const random = this.#options.random ?? Math.random;
    // Half of the pause is certain, so that a server that cannot start is not asked in a tight loop.
    this.#pause = setTimeout(() => void this.#connect(), (most * (1 + random())) / 2);
  }

  async #connect(): Promise<void> {
    this.#pause = undefined;
    // Nobody waits any more.
    if (this.#waiting.size === 0) return;
    this.#isConnecting = true;
    const timeoutMs = this.#options.handshakeMs ?? 10_000;
    try {
      const stream = await this.#openStream(timeoutMs);
      const secure = await secureClientSide(stream, this.#options.key, timeoutMs);
      if (this.#isClosed) {
        secure.destroy();
        return;
      }
      const greeting = setTimeout(() => connection.destroy(new HandshakeError('the server did not greet')), timeoutMs);
      const connection: ClientConnection = new ClientConnection(secure, {
        up: () => {
          clearTimeout(greeting);
          this.#rise(connection);
        },
        leaving: () => this.#leave(),
        closed: (error) => {
          clearTimeout(greeting);
          this.#fall(error);
        },
        pingMs: this.#options.pingMs ?? 15_000,
        stallMs: this.#options.stallMs ?? 120_000,
      });
      this.#connection = connection;
    } catch (error) {
      this.#miss(error instanceof Error ? error : new Error('connecting failed'));
    } finally {
      this.#isConnecting = false;
      if (this.#waiting.size > 0 && !this.#isClosed) this.#connectSoon();
    }
  }

  async #openStream(timeoutMs: number): Promise<Duplex> {
    let isLate = false;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        isLate = true;
        reject(new HandshakeError('connecting took too long'));
      }, timeoutMs);
    });
    const opening = this.#options.connect();
    opening.then(
      (stream) => isLate && stream.destroy(),
      () => undefined,
    );
    try {
      return await Promise.race([opening, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #rise(connection: ClientConnection): void {
    this.#isUp = true;
    this.#upSince = performance.now();
    this.#options.onState?.({ kind: 'up' });
    for (const question of [...this.#waiting]) {
      this.#unqueue(question);
      question.send(connection);
    }
  }

  #leave(): void {
    this.#isUp = false;
    this.#options.onState?.({ kind: 'leaving' });
  }

  #fall(error: Error | undefined): void {
    const { mostMs } = this.#options.backoff ?? { mostMs: 5_000 };
    // A connection that lasted clears the record; one that was lost at once counts as a failed attempt.
    const lasted = this.#upSince > 0 && performance.now() - this.#upSince > mostMs;
    this.#connection = undefined;
    this.#isUp = false;
    this.#upSince = 0;
    if (lasted) this.#failures = 0;
    this.#miss(error ?? new Error('the server closed the connection'));
  }

  #miss(error: Error): void {
    this.#failures++;
    if (!this.#isClosed) this.#options.onState?.({ kind: 'down', reason: shortReason(error) });
    for (const question of [...this.#waiting]) question.missed();
    if (this.#waiting.size > 0) this.#connectSoon();
  }
}
