// One question from the moment it is asked until it is settled, across as many connections as it takes. It is settled
// exactly once: by its answer, its deadline, its caller's signal, or the loss of what would have answered.

import { type CallOptions, type PreparedMessage, type Refused, type Result, refuse } from '@chatelaine/contract';
import type { ClientConnection, Question } from './client-connection.ts';
import { ClientStream } from './client-stream.ts';

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What the client does for its questions. */
export interface Asker {
  /** Milliseconds a question without a deadline waits for a connection. */
  readonly waitMs: number;
  /** It has to wait (again) for a connection. */
  queue(question: ClientQuestion): void;
  /** It is settled. */
  forget(question: ClientQuestion): void;
}

export class ClientQuestion implements Question {
  readonly kind: 'call' | 'subscribe';
  readonly body: PreparedMessage;
  readonly #asker: Asker;
  readonly #mayRepeat: boolean;
  readonly #settle: (result: Result<unknown>) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #deadline: NodeJS.Timeout | undefined;
  #waiting: NodeJS.Timeout | undefined;
  #sent: { readonly connection: ClientConnection; readonly id: number } | undefined;
  #mayBeKnown = false;
  #isSettled = false;
  #isReleased = false;
  #stream: ClientStream | undefined;

  constructor(
    kind: 'call' | 'subscribe',
    body: PreparedMessage,
    options: CallOptions,
    asker: Asker,
    settle: (result: Result<unknown>) => void,
  ) {
    this.kind = kind;
    this.body = body;
    this.#asker = asker;
    this.#mayRepeat = options.requestId !== undefined;
    this.#settle = settle;
    this.#signal = options.signal;
    if (options.deadlineMs !== undefined) {
      this.#deadline = setTimeout(() => this.#expire(), Math.min(options.deadlineMs, LONGEST_TIMER_MS));
    }
    this.#signal?.addEventListener('abort', this.#cancel);
  }

  /** Waits for a connection: until its deadline, or as long as a question may wait. */
  wait(): void {
    this.#sent = undefined;
    if (this.#deadline !== undefined || this.#asker.waitMs === 0) return;
    this.#waiting ??= setTimeout(() => this.#expire(), this.#asker.waitMs);
  }

  /** A connection could not be made. */
  missed(): void {
    if (this.#deadline === undefined && this.#asker.waitMs === 0) this.giveUp();
  }

  /** Nobody will answer. */
  giveUp(): void {
    this.#finish(refuse('unavailable'));
  }

  send(connection: ClientConnection): void {
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
    this.#sent = { connection, id: connection.ask(this) };
  }

  answered(result: Result<unknown>): boolean {
    if (this.kind === 'call' || result.kind === 'refused') {
      this.#finish(result);
      return false;
    }
    const sent = this.#sent;
    const stream = new ClientStream(
      (bytes) => sent?.connection.grant(sent.id, bytes),
      () => this.#endStream(),
    );
    this.#stream = stream;
    this.#isSettled = true;
    clearTimeout(this.#deadline);
    this.#settle({ kind: 'ok', value: stream });
    return true;
  }

  received(item: unknown, sizeBytes: number, body: Buffer | undefined): void {
    this.#stream?.push(item, sizeBytes, body);
  }

  ended(result: Result<unknown>): void {
    this.#stream?.close(result);
    this.#release();
  }

  bounced(): void {
    this.#asker.queue(this);
  }

  lost(): void {
    this.#mayBeKnown = true;
    if (this.#stream !== undefined) this.ended(refuse('unavailable'));
    else if (this.#mayRepeat) this.#asker.queue(this);
    else this.giveUp();
  }

  // A question that never left has changed nothing: that is worth telling apart.
  #expire(): void {
    const mayBeKnown = this.#mayBeKnown || this.#sent !== undefined;
    this.#withdraw();
    this.#finish(refuse(mayBeKnown && this.#deadline !== undefined ? 'deadline' : 'unavailable'));
  }

  readonly #cancel = (): void => {
    this.#withdraw();
    if (this.#stream === undefined) this.#finish(refuse('cancelled'));
    else this.ended({ kind: 'ok', value: undefined });
  };

  #endStream(): void {
    this.#withdraw();
    this.#release();
  }

  #withdraw(): void {
    this.#sent?.connection.cancel(this.#sent.id);
    this.#sent = undefined;
  }

  #finish(result: Result<unknown>): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#release();
    this.#settle(result);
  }

  #release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    clearTimeout(this.#deadline);
    clearTimeout(this.#waiting);
    this.#signal?.removeEventListener('abort', this.#cancel);
    this.#asker.forget(this);
  }
}

/** What a stream's question settles to. */
export const asStream = (result: Result<unknown>): Refused | ClientStream => {
  if (result.kind === 'refused') return result;
  if (result.value instanceof ClientStream) return result.value;
  throw new TypeError('a stream was settled without a stream');
};
