// A connection to a message bus: questions of ours and their answers, questions of others, signals. Invariant: every question of
// ours is settled, at the latest by the end of the connection.

import { connect, type Socket } from 'node:net';
import { authenticate, BusError } from './authenticate.ts';
import { decodeMessage, encodeMessage, type MessageHead, type ReceivedMessage } from './message.ts';
import { MessageSplitter } from './message-splitter.ts';
import type { WireValue } from './value.ts';

const BUS = 'org.freedesktop.DBus';
const AUTHENTICATED_WITHIN_MS = 10_000;
const ANSWERED_WITHIN_MS = 25_000;
const CLOSED_WITHIN_MS = 1_000;
const ENDED = 'the bus ended the connection';
/** Bytes that wait for the bus, from which on {@link BusConnection.drained} waits. */
const QUEUED_BYTES = 1_048_576;

/** An answer of another peer, or of the bus, that says no. */
export class BusRefusal extends Error {
  override readonly name = 'BusRefusal';
  /** The D-Bus name of the error. */
  readonly errorName: string;

  constructor(errorName: string, words: string) {
    super(words);
    this.errorName = errorName;
  }
}

/** Who, what, with what. */
interface Target {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
}

export interface BusConnectionHandlers {
  /** A question of another peer. Must not throw. */
  readonly call: (message: ReceivedMessage) => void;
  /** The connection is over; not called for one that {@link BusConnection.close} ended. */
  readonly lost: (error: BusError) => void;
}

interface Asked {
  readonly resolve: (values: readonly WireValue[]) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

const openSocket = (paths: readonly string[]): Promise<Socket> =>
  paths.slice(1).reduce((attempt, path) => attempt.catch(() => connected(path)), connected(paths[0] ?? ''));

const connected = (path: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(path);
    const fail = (error: NodeJS.ErrnoException): void => {
      reject(new BusError(`there is no bus at ${path.replace('\0', '@')}: ${error.code ?? 'connecting failed'}`));
    };
    socket.once('error', fail).once('connect', () => resolve(socket.off('error', fail)));
  });

/** A bus that ends with something of ours unread resets the connection. unix(7) */
const wordsOf = ({ code }: NodeJS.ErrnoException): string =>
  code === 'ECONNRESET' || code === 'EPIPE' ? ENDED : `the connection broke: ${code}`;

export class BusConnection {
  readonly #socket: Socket;
  readonly #handlers: BusConnectionHandlers;
  readonly #splitter = new MessageSplitter();
  readonly #asked = new Map<number, Asked>();
  readonly #drainWaiters: (() => void)[] = [];
  #serial = 0;
  #isOver = false;

  private constructor(socket: Socket, handlers: BusConnectionHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;
    socket.on('data', (part) => this.#receive(part));
    socket.on('drain', () => this.#relieve());
    socket.on('error', (error: NodeJS.ErrnoException) => this.#end(wordsOf(error)));
    socket.on('close', () => this.#end(ENDED));
    socket.resume();
  }

  /** Connects to the first of these sockets that answers. Throws {@link BusError}. */
  static async open(paths: readonly string[], handlers: BusConnectionHandlers): Promise<BusConnection> {
    const socket = await openSocket(paths);
    try {
      await authenticate(socket, process.geteuid?.() ?? 0, AUTHENTICATED_WITHIN_MS);
      const connection = new BusConnection(socket, handlers);
      await connection.askBus('Hello');
      return connection;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  /** Asks the bus itself. Throws {@link BusRefusal}, or {@link BusError} if the connection ends or nobody answers. */
  askBus(member: string, signature = '', values: readonly WireValue[] = []): Promise<readonly WireValue[]> {
    return this.#ask({ destination: BUS, path: '/org/freedesktop/DBus', interface: BUS, member }, signature, values);
  }

  #ask(target: Target, signature: string, values: readonly WireValue[]): Promise<readonly WireValue[]> {
    if (this.#isOver) return Promise.reject(new BusError('the connection is over'));
    return new Promise((resolve, reject) => {
      const serial = this.#send({ kind: 'call', isReplyExpected: true, ...target, signature }, values);
      const timer = setTimeout(() => {
        this.#asked.delete(serial);
        reject(new BusError('the bus does not answer'));
      }, ANSWERED_WITHIN_MS);
      this.#asked.set(serial, { resolve, reject, timer });
    });
  }

  /** Tells whoever listens. Nothing happens on a connection that is over. */
  signal(path: string, interfaceName: string, member: string, signature: string, values: readonly WireValue[]): void {
    this.#send({ kind: 'signal', isReplyExpected: false, path, interface: interfaceName, member, signature }, values);
  }

  /** Answers a question. Throws `WireFormError`, with nothing sent, if the values do not fit. */
  reply(question: ReceivedMessage, signature: string, values: readonly WireValue[]): void {
    this.#answer(question, { kind: 'return', signature }, values);
  }

  /** Answers a question with an error. */
  replyError(question: ReceivedMessage, errorName: string, words: string): void {
    this.#answer(question, { kind: 'error', errorName, signature: 's' }, [words.replaceAll('\0', '')]);
  }

  #answer(
    question: ReceivedMessage,
    answer: Pick<MessageHead, 'kind' | 'errorName' | 'signature'>,
    values: readonly WireValue[],
  ): void {
    if (!question.isReplyExpected || question.sender === undefined) return;
    const { sender: destination, serial: replySerial } = question;
    this.#send({ ...answer, isReplyExpected: false, destination, replySerial }, values);
  }

  /** Resolves when the bus has taken most of what was sent, or the connection is over. */
  async drained(): Promise<void> {
    if (this.#isOver || this.#socket.writableLength < QUEUED_BYTES) return;
    await new Promise<void>((resolve) => this.#drainWaiters.push(resolve));
  }

  /** Sends what waits, as far as the bus takes it soon, and ends. */
  async close(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#settleAll(new BusError('the connection was closed'));
    const timer = setTimeout(() => this.#socket.destroy(), CLOSED_WITHIN_MS);
    await new Promise<void>((resolve) => this.#socket.once('close', () => resolve()).end());
    clearTimeout(timer);
  }

  #send(head: Omit<MessageHead, 'serial'>, values: readonly WireValue[]): number {
    const serial = (this.#serial % 0xffffffff) + 1;
    const bytes = encodeMessage({ ...head, serial }, values);
    this.#serial = serial;
    if (!this.#isOver) this.#socket.write(bytes);
    return serial;
  }

  #receive(part: Buffer): void {
    if (this.#isOver) return;
    try {
      for (const bytes of this.#splitter.push(part)) {
        const message = decodeMessage(bytes);
        if (message !== undefined) this.#take(message);
      }
    } catch (error) {
      // A bus checks what it passes on: heads that are not in form come from something that is none.
      this.#end(error instanceof Error ? error.message : 'receiving failed');
    }
  }

  #take(message: ReceivedMessage): void {
    if (message.kind === 'call') {
      this.#handlers.call(message);
      return;
    }
    // Only the bus is ever asked. Another peer could guess a serial, and answer in its name who may change something.
    const asked = message.sender === BUS ? this.#asked.get(message.replySerial ?? 0) : undefined;
    if (message.kind === 'signal' || asked === undefined || message.replySerial === undefined) return;
    this.#asked.delete(message.replySerial);
    clearTimeout(asked.timer);
    if (message.kind === 'return') asked.resolve(message.readBody());
    else asked.reject(new BusRefusal(message.errorName ?? '', String(message.readBody()[0] ?? '')));
  }

  #relieve(): void {
    for (const resolve of this.#drainWaiters.splice(0)) resolve();
  }

  #settleAll(error: BusError): void {
    for (const { reject, timer } of this.#asked.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.#asked.clear();
    this.#relieve();
  }

  #end(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const error = new BusError(reason);
    this.#settleAll(error);
    this.#socket.destroy();
    this.#handlers.lost(error);
  }
}
