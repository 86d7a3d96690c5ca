// How long an answer of the kernel may be used again. Another process cannot have been told of our last answer and have told us of a
// change within so short a time; and what this process changes itself ends it at once.

let changes = 0;

/** To be called by every operation that could make an earlier answer wrong. */
export const noteChange = (): void => {
  changes++;
};

/** One answer, good for a moment. */
export class Recent<Answer> {
  readonly #lifetimeMs: number;
  #answer: Answer | undefined;
  #untilMs = 0;
  #changes = 0;

  constructor(lifetimeMs: number) {
    this.#lifetimeMs = lifetimeMs;
  }

  /** The answer, while it is good. */
  get(): Answer | undefined {
    return this.#changes === changes && performance.now() < this.#untilMs ? this.#answer : undefined;
  }

  /** Keeps an answer that was given just now. */
  set(answer: Answer): void {
    this.#answer = answer;
    this.#changes = changes;
    this.#untilMs = performance.now() + this.#lifetimeMs;
  }

  forget(): void {
    this.#answer = undefined;
  }
}
