// TLS with raw public keys over any duplex byte stream. The bounds hold for every peer: so long for the handshake, so
// many bytes before it ends and after it, so long for the farewell. On every path the session is freed and the stream
// destroyed, at the latest when one of these runs out. A flight leaves in one write.
// RFC 8446 section 6.1 (close_notify), RFC 7250.

import type { Duplex } from 'node:stream';
import { credentialsOfClient, MANDOS_PRIORITY, preparePriority, type RawKey } from './credentials.ts';
import { type TlsFailure, TlsSession } from './tls-session.ts';

/** Why a connection came to nothing. The text is for a log; it names no content. */
export interface RawTlsFailure {
  readonly kind: 'failed';
  readonly reason: TlsFailure['reason'] | 'deadline' | 'too-large' | 'stream-error';
  readonly text: string;
}

export interface RawTlsLimits {
  /** From the start to the end of the handshake. Default 15,000. */
  readonly handshakeMs?: number;
  /** From the moment the stream has taken our close_notify (and as long for that) to the peer's. Default 5,000. */
  readonly closeMs?: number;
  /** Bytes of the peer, as they come over the stream, before the handshake ends. Default 65,536. */
  readonly handshakeBytes?: number;
  /** The same after the handshake. Default 1 MiB. */
  readonly receivedBytes?: number;
}

interface CommonOptions {
  /** Default {@link MANDOS_PRIORITY}. */
  readonly priority?: string;
  readonly limits?: RawTlsLimits;
}

/** Without a key of its own; takes whatever raw key the server shows, for the caller to judge. */
export interface ClientOptions extends CommonOptions {
  readonly role: 'client';
  /** ClientHello.random, 32 bytes. */
  readonly clientRandom?: Buffer;
  /**
   * How long the last flight of the handshake waits for data to travel with it, which spares both sides a segment and a
   * turn. Default 0: it leaves at once.
   */
  readonly holdLastFlightMs?: number;
}

export interface ServerOptions extends CommonOptions {
  readonly role: 'server';
  readonly key: RawKey;
}

export type RawTlsOptions = ClientOptions | ServerOptions;

/** What the peer sent: data (the caller wipes it), its close_notify, or why nothing more will come. */
export type RawTlsReceived =
  | { readonly kind: 'data'; readonly bytes: Buffer }
  | { readonly kind: 'end' }
  | RawTlsFailure;

const DEFAULT_LIMITS = { handshakeMs: 15_000, closeMs: 5_000, handshakeBytes: 65_536, receivedBytes: 1_048_576 };
const GOODBYE = 'the peer did not say goodbye in time';

const failed = (reason: RawTlsFailure['reason'], text: string): RawTlsFailure => ({ kind: 'failed', reason, text });

const TOO_LARGE = failed('too-large', 'the peer sent more than the limit');

type Phase = 'handshake' | 'open' | 'closing' | 'over';

/** A connection whose handshake is done. End it with `close` or `destroy`. */
export class RawTlsConnection {
  readonly kind = 'open';
  /** In the client role: ClientHello … CertificateVerify, for a {@link HandshakeProof}. */
  readonly messages: readonly Buffer[];
  /** Aborts when the peer will send nothing more: close_notify, end of the stream, a failure. */
  readonly peerGone: AbortSignal;
  readonly #engine: Engine;

  /** Made by {@link openRawTls} only. */
  constructor(engine: Engine) {
    this.#engine = engine;
    this.messages = engine.messages;
    this.peerGone = engine.peerGone.signal;
  }

  /** Encrypts bytes to be sent with the next `flush` or `close`. Afterwards the caller may wipe them. */
  send(bytes: Buffer): void {
    this.#engine.send(bytes);
  }

  /** Writes what was sent so far. Resolves when the stream has taken it, or has come to its end. */
  flush(): Promise<void> {
    return this.#engine.flush();
  }

  /** What the peer sends next. One caller at a time. */
  receive(): Promise<RawTlsReceived> {
    return this.#engine.receive();
  }

  /**
   * Sends what is left and close_notify in one write, waits for the peer's close_notify, then ends the stream. Resolves
   * when the session is freed: with `end`, or with the reason why the peer did not answer.
   */
  close(): Promise<RawTlsReceived> {
    return this.#engine.close();
  }

  /** Ends everything at once, without a farewell. May be called again, and after `close`. */
  destroy(): void {
    this.#engine.discard();
  }
}

/** What drives a session from the events of its stream. */
class Engine {
  readonly peerGone = new AbortController();
  readonly #stream: Duplex;
  readonly #session: TlsSession;
  readonly #limits: Required<RawTlsLimits>;
  readonly #key: RawKey | undefined;
  readonly #holdMs: number;
  readonly #onHandshake: (outcome: RawTlsConnection | RawTlsFailure) => void;
  #phase: Phase = 'handshake';
  #bytesLeft: number;
  #timer: NodeJS.Timeout | undefined;
  #received: RawTlsReceived[] = [];
  #lastReceived: RawTlsReceived | undefined;
  #onReceived: ((received: RawTlsReceived) => void) | undefined;
  #onClosed: ((outcome: RawTlsReceived) => void) | undefined;
  readonly #onFlushed = new Set<() => void>();
  #hasPeerClosed = false;

  constructor(
    stream: Duplex,
    session: TlsSession,
    options: RawTlsOptions,
    onHandshake: (outcome: RawTlsConnection | RawTlsFailure) => void,
  ) {
    this.#stream = stream;
    this.#session = session;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#key = options.role === 'server' ? options.key : undefined;
    this.#holdMs = options.role === 'client' ? (options.holdLastFlightMs ?? 0) : 0;
    this.#onHandshake = onHandshake;
    this.#bytesLeft = this.#limits.handshakeBytes;
    this.#arm(this.#limits.handshakeMs, 'the handshake was not finished in time');
    stream.on('data', this.#onData);
    stream.on('end', this.#onEnd);
    stream.on('close', this.#onEnd);
    // This listener stays to the end: a stream that fails later must not bring the process down.
    stream.on('error', this.#onError);
    if (stream.destroyed || stream.readableEnded) session.feedEnd();
    stream.resume();
    this.#advance();
  }

  get messages(): readonly Buffer[] {
    return this.#session.messages;
  }

  send(bytes: Buffer): void {
    if (this.#phase === 'over') return;
    if (this.#phase !== 'open') throw new Error('nothing can be sent after close');
    const failure = this.#session.send(bytes);
    if (failure !== undefined) this.finish(failure);
  }

  flush(): Promise<void> {
    const output = this.#phase === 'over' ? undefined : this.#session.takeOutput();
    if (output === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onFlushed.add(resolve);
      this.#stream.write(output, () => {
        this.#onFlushed.delete(resolve);
        resolve();
      });
    });
  }

  receive(): Promise<RawTlsReceived> {
    if (this.#onReceived !== undefined) throw new Error('somebody waits for data already');
    const next = this.#received.shift() ?? this.#lastReceived;
    if (next !== undefined) return Promise.resolve(next);
    return new Promise((resolve) => {
      this.#onReceived = resolve;
    });
  }

  close(): Promise<RawTlsReceived> {
    if (this.#phase === 'over') return Promise.resolve(this.#lastReceived ?? { kind: 'end' });
    if (this.#phase !== 'open') throw new Error('close was called already');
    this.#phase = 'closing';
    this.#arm(this.#limits.closeMs, GOODBYE);
    const closed = new Promise<RawTlsReceived>((resolve) => {
      this.#onClosed = resolve;
    });
    this.#session.close();
    this.#write(() => {
      if (this.#phase === 'closing') this.#arm(this.#limits.closeMs, GOODBYE);
    });
    if (this.#hasPeerClosed) this.finish({ kind: 'end' });
    return closed;
  }

  /** Ends, and wipes what nobody received. */
  discard(): void {
    this.finish(failed('peer-closed', 'closed from this side'));
    for (const received of this.#received) if (received.kind === 'data') received.bytes.fill(0);
    this.#received = [];
  }

  /** The one way out: frees, lets the stream go, and lets everybody know. */
  finish(outcome: RawTlsReceived): void {
    if (this.#phase === 'over') return;
    const wasHandshake = this.#phase === 'handshake';
    this.#phase = 'over';
    clearTimeout(this.#timer);
    const lastWords = this.#session.takeOutput();
    this.#session.free();
    this.#key?.giveBack();
    this.#stream.off('data', this.#onData);
    this.#stream.off('end', this.#onEnd);
    this.#stream.off('close', this.#onEnd);
    this.#letGo(outcome.kind === 'end' || lastWords !== undefined, lastWords);
    if (outcome.kind === 'failed' && wasHandshake) this.#onHandshake(outcome);
    this.#deliver(outcome);
    this.#onClosed?.(outcome);
    for (const resolve of this.#onFlushed) resolve();
    this.#markPeerGone();
  }

  /** What was written still goes out, but not to a peer that does not take it. */
  #letGo(isOrderly: boolean, lastWords: Buffer | undefined): void {
    const stream = this.#stream;
    const isAllTaken = lastWords === undefined && stream.writableLength === 0;
    if (!isOrderly || isAllTaken || stream.destroyed) {
      stream.destroy();
      return;
    }
    const timer = setTimeout(() => stream.destroy(), this.#limits.closeMs);
    stream.once('close', () => clearTimeout(timer));
    if (lastWords !== undefined) stream.write(lastWords);
    stream.end(() => stream.destroy());
  }

  #markPeerGone(): void {
    if (!this.peerGone.signal.aborted) this.peerGone.abort('the peer is gone');
  }

  #arm(afterMs: number, text: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.finish(failed('deadline', text)), afterMs);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#bytesLeft -= chunk.length;
    // A chunk of the handshake may bring data behind it, which is counted when the handshake is done.
    if (this.#bytesLeft < 0 && this.#phase !== 'handshake') {
      this.finish(TOO_LARGE);
      return;
    }
    this.#session.feed(chunk);
    this.#advance();
  };

  readonly #onEnd = (): void => {
    if (this.#phase === 'over') return;
    this.#session.feedEnd();
    this.#advance();
  };

  readonly #onError = (error: Error): void => {
    this.finish(failed('stream-error', (error as NodeJS.ErrnoException).code ?? error.name));
  };

  #advance(): void {
    if (this.#phase === 'handshake') {
      const step = this.#session.handshake();
      if (step !== 'more' && step !== 'done') {
        this.finish(step);
        return;
      }
      if (step === 'more') {
        // A ChangeCipherSpec alone says nothing, but it carries the acknowledgement that a peer without TCP_NODELAY waits
        // for before it sends the rest of its flight: held back, it costs 40 ms.
        this.#write();
        if (this.#bytesLeft < 0) this.finish(TOO_LARGE);
        return;
      }
      // A stream in memory may bring the peer's answer from within the write: the phase changes first.
      this.#bytesLeft = this.#limits.receivedBytes - this.#session.inputBytes;
      if (this.#bytesLeft < 0) {
        this.finish(TOO_LARGE);
        return;
      }
      this.#phase = 'open';
      clearTimeout(this.#timer);
      if (this.#holdMs > 0) this.#timer = setTimeout(() => this.#write(), this.#holdMs);
      else this.#write();
      this.#onHandshake(new RawTlsConnection(this));
    }
    while (this.#session.hasInput && !this.#hasPeerClosed) {
      const received = this.#session.receive();
      if (received.kind === 'more') break;
      this.#take(received);
      if (this.#isOver()) return;
      this.#write();
    }
  }

  #isOver(): boolean {
    return this.#phase === 'over';
  }

  #take(received: RawTlsReceived): void {
    if (received.kind === 'failed') {
      this.finish(received);
    } else if (received.kind === 'end') {
      this.#hasPeerClosed = true;
      this.#deliver(received);
      this.#markPeerGone();
      if (this.#phase === 'closing') this.finish(received);
    } else if (this.#phase === 'closing') {
      // Whoever said goodbye does not listen any more.
      received.bytes.fill(0);
    } else {
      this.#deliver(received);
    }
  }

  #deliver(received: RawTlsReceived): void {
    if (this.#lastReceived !== undefined) return;
    if (received.kind !== 'data') this.#lastReceived = received;
    const waiting = this.#onReceived;
    this.#onReceived = undefined;
    if (waiting !== undefined) waiting(received);
    else if (received.kind === 'data') this.#received.push(received);
  }

  #write(onTaken?: () => void): void {
    const output = this.#session.takeOutput();
    if (output !== undefined && !this.#stream.destroyed) this.#stream.write(output, onTaken);
  }
}

/**
 * Shakes hands over a stream, which is this function's from now on; it is destroyed in the end. The caller has read
 * everything from it that came before TLS, and put back nothing.
 *
 * @returns the connection, or why there is none; never rejects on a peer's account
 * @throws {GnutlsMissingError} | {PriorityError}
 */
export const openRawTls = (stream: Duplex, options: RawTlsOptions): Promise<RawTlsConnection | RawTlsFailure> =>
  new Promise((resolve) => {
    const priority = preparePriority(options.priority ?? MANDOS_PRIORITY);
    const isClient = options.role === 'client';
    const credentials = isClient ? credentialsOfClient() : options.key.take();
    let session: TlsSession;
    try {
      const random = isClient ? options.clientRandom : undefined;
      session = new TlsSession({
        role: options.role,
        priority,
        credentials,
        ...(random !== undefined && { clientRandom: random }),
      });
    } catch (error) {
      if (!isClient) options.key.giveBack();
      throw error;
    }
    new Engine(stream, session, options, resolve);
  });
