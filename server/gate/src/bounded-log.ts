// What strangers can make happen is logged at a bounded rate: the first few of a period one by one, the others as a count.

import type { Log } from '@chatelaine/process';

export interface BoundedLogOptions {
  readonly log: Log;
  /** How long a period is. */
  readonly periodMs: number;
  /** Entries of a period that are written one by one. */
  readonly entries: number;
}

export class BoundedLog {
  readonly #options: BoundedLogOptions;
  #written = 0;
  #counted = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BoundedLogOptions) {
    this.#options = options;
  }

  /** Writes at level info, or counts. The words are fixed; what a peer said belongs in neither. */
  note(fields: object, words: string): void {
    this.#timer ??= setTimeout(() => this.flush(), this.#options.periodMs).unref();
    if (this.#written < this.#options.entries) {
      this.#written++;
      this.#options.log.info(fields, words);
    } else {
      this.#counted++;
    }
  }

  /** Ends the period: writes how many were only counted. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#counted > 0) this.#options.log.info({ count: this.#counted }, 'more of the same kind were not written');
    this.#written = 0;
    this.#counted = 0;
  }
}
