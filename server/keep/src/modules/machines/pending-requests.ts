// Requests that wait for people, and what was signed or given for each. It lives as long as the request: a signature or code can
// never count for another one, nor after a restart.

/** A signature that was checked when it came; whether it still counts is asked again at every decision. */
export interface Vote {
  readonly approver: string;
  /** SHA-256 of the public key that signed. */
  readonly fingerprint: string;
  readonly approve: boolean;
}

/** A one-time code that was spent for a request; whether it still counts is asked again at every decision. */
export interface CodeGiven {
  readonly user: string;
  /** When that user was added: tells them from a later one of the same name. */
  readonly since: number;
  /** What made it: `totp/default`. */
  readonly by: string;
}

/** A request that waits. */
export interface PendingRequest {
  readonly requestId: string;
  readonly name: string;
  readonly keyId: string;
  readonly address: string;
  readonly askedAtUnixMs: number;
  readonly untilUnixMs: number;
  readonly votes: Map<string, Vote>;
  /** One a user. */
  readonly codes: Map<string, CodeGiven>;
}

const MOST_WAITING = 1_000;
const MOST_OF_ONE_MACHINE = 32;

export class PendingRequests {
  readonly #byId = new Map<string, PendingRequest>();
  readonly #byRequest = new WeakMap<object, PendingRequest>();
  readonly #perMachine = new Map<string, number>();

  /** Every request that waits, oldest first. */
  all(): readonly PendingRequest[] {
    return [...this.#byId.values()];
  }

  ofMachine(name: string): readonly PendingRequest[] {
    return this.countOf(name) === 0 ? [] : this.all().filter((pending) => pending.name === name);
  }

  countOf(name: string): number {
    return this.#perMachine.get(name) ?? 0;
  }

  find(requestId: string): PendingRequest | undefined {
    return this.#byId.get(requestId);
  }

  of(request: object): PendingRequest | undefined {
    return this.#byRequest.get(request);
  }

  /** Whether no further request of this machine can wait. */
  isFullFor(name: string): boolean {
    return this.#byId.size >= MOST_WAITING || this.countOf(name) >= MOST_OF_ONE_MACHINE;
  }

  add(request: object, pending: PendingRequest): void {
    this.#byId.set(pending.requestId, pending);
    this.#byRequest.set(request, pending);
    this.#perMachine.set(pending.name, this.countOf(pending.name) + 1);
  }

  /** The request is over. */
  remove(request: object): void {
    const pending = this.#byRequest.get(request);
    if (pending === undefined) return;
    this.#byRequest.delete(request);
    this.#byId.delete(pending.requestId);
    const left = this.countOf(pending.name) - 1;
    if (left > 0) this.#perMachine.set(pending.name, left);
    else this.#perMachine.delete(pending.name);
  }
}
