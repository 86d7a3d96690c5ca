// The directory that questions are put into. Invariant: what is there is read anew at every look, so that no event can be missed for
// good; events only say when to look. inotify(7)

import { type FSWatcher, readdirSync, readFileSync, watch } from 'node:fs';
import path from 'node:path';
import { isOpen, parseQuestion, type Question } from './question.ts';

const LOOK_AGAIN_MS = 1_000;

/** The directory at one moment. */
export interface Look {
  /** Whether there is any question, of whatever kind. */
  readonly isAnyLeft: boolean;
  /** Those that can be answered, by the names of their files. */
  readonly open: ReadonlyMap<string, Question>;
}

/** A directory with questions. Throws what the system says if it is not there. */
export class QuestionDirectory implements Disposable {
  readonly #directory: string;
  readonly #watcher: FSWatcher;
  #hasChanged = false;
  #wake: (() => void) | undefined;

  constructor(directory: string) {
    this.#directory = directory;
    this.#watcher = watch(directory, () => this.wake());
    this.#watcher.on('error', () => this.wake());
  }

  look(): Look {
    const names = readdirSync(this.#directory).filter((name) => name.startsWith('ask.'));
    const open = new Map<string, Question>();
    for (const name of names) {
      const question = this.#read(name);
      if (question !== undefined && isOpen(question)) open.set(name, question);
    }
    return { isAnyLeft: names.length > 0, open };
  }

  #read(name: string): Question | undefined {
    try {
      return parseQuestion(readFileSync(path.join(this.#directory, name), 'utf8'));
    } catch {
      // Answered in this moment, or not for us.
      return undefined;
    }
  }

  /** Resolves when something may have changed, after a second at the latest: a question that has timed out makes no event. */
  async change(): Promise<void> {
    if (!this.#hasChanged) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LOOK_AGAIN_MS);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#hasChanged = false;
    this.#wake = undefined;
  }

  /** Makes {@link change} resolve. */
  wake(): void {
    this.#hasChanged = true;
    this.#wake?.();
  }

  [Symbol.dispose](): void {
    this.#watcher.close();
  }
}
