// Progress of work that takes over a second: one line on stderr that is written over, only on a terminal.

const FIRST_AFTER_MS = 1_000;
const EVERY_MS = 100;

/** Shows the latest text now and then; `end` takes the line away. */
export class Progress {
  readonly #isShown = process.stderr.isTTY === true;
  #nextAt = performance.now() + FIRST_AFTER_MS;
  #hasLine = false;

  show(text: () => string): void {
    if (!this.#isShown || performance.now() < this.#nextAt) return;
    this.#nextAt = performance.now() + EVERY_MS;
    this.#hasLine = true;
    process.stderr.write(`\r\u001b[K${text()}`);
  }

  end(): void {
    if (this.#hasLine) process.stderr.write('\r\u001b[K');
    this.#hasLine = false;
  }
}
