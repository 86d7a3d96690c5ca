// One place where notices go, in order, one after the other. What is not taken is tried again, later and later, until it is too
// old; the next ones wait behind it, so that nothing arrives out of order.

import { type Log, pause } from '@chatelaine/process';
import { type Notice, subjectOf } from './notice.ts';
import type { Spool, Spooled } from './spool.ts';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 300_000;

export interface TargetOptions {
  /** 12 hex digits. */
  readonly id: string;
  /** For the log. */
  readonly name: string;
  readonly kinds: readonly Notice['kind'][];
  readonly deliver: (notice: Notice) => Promise<string | undefined>;
  readonly spool: Spool;
  readonly log: Log;
  readonly giveUpAfterMs: number;
  readonly signal: AbortSignal;
}

export class Target {
  readonly id: string;
  readonly #options: TargetOptions;
  readonly #waiting: Spooled[] = [];
  #isBusy = false;
  /** Resolves when nothing is under way. */
  idle: Promise<void> = Promise.resolve();

  constructor(options: TargetOptions) {
    this.id = options.id;
    this.#options = options;
  }

  wants({ kind }: Notice): boolean {
    return this.#options.kinds.includes(kind);
  }

  /** Sends a notice on its way. */
  push(spooled: Spooled): void {
    this.#waiting.push(spooled);
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.idle = this.#work().finally(() => {
      this.#isBusy = false;
    });
  }

  async #work(): Promise<void> {
    const { deliver, spool, log, name, signal, giveUpAfterMs } = this.#options;
    let pauseMs = FIRST_PAUSE_MS;
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined || signal.aborted) return;
      const why = await deliver(next.notice);
      if (why !== undefined && Date.now() - Date.parse(next.notice.at) < giveUpAfterMs) {
        log.warn(
          { target: name, kind: next.notice.kind, about: subjectOf(next.notice), why },
          'a notice was not taken; it is tried again',
        );
        await pause(pauseMs, signal);
        pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
        continue;
      }
      if (why !== undefined) log.error({ target: name, notice: next.notice, why }, 'a notice was given up');
      pauseMs = FIRST_PAUSE_MS;
      this.#waiting.shift();
      spool.remove(next);
    }
  }
}
