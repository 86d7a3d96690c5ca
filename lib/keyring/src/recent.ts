// How long an answer of the kernel may be used again. Another process can hardly have been told of our last answer and have told us of
// a change within so short a time; and what this process changes itself ends it at once.

const NS_PER_MS = 1_000_000;

/** Unlike `performance`, it is there without being loaded. */
const nowNs = (): bigint => process.hrtime.bigint();

let changes = 0;

/** To be called by every operation that could make an earlier answer wrong. */
export const noteChange = (): void => {
  changes++;
};

/** One answer, good for a moment. */
export class Recent<Answer> {
  #answer: Answer | undefined;
  #untilNs = 0n;
  #changes = 0;

  /** The answer, while it is good. */
  get(): Answer | undefined {
    return this.#changes === changes && nowNs() < this.#untilNs ? this.#answer : undefined;
  }

  /** Keeps an answer that was given just now. */
  set(answer: Answer, lifetimeMs: number): void {
    this.#answer = answer;
    this.#changes = changes;
    this.#untilNs = nowNs() + BigInt(Math.round(lifetimeMs * NS_PER_MS));
  }

  forget(): void {
    this.#answer = undefined;
  }
}
