// Everything a test leaves behind, undone in the opposite order when the test is over, whether it went well or not.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Undoes what was done, last thing first. */
export class Scratch implements AsyncDisposable {
  readonly #undo: (() => unknown)[] = [];
  #end: Promise<void> | undefined;

  /** Runs `undo` at the end. */
  atEnd(undo: () => unknown): void {
    this.#undo.push(undo);
  }

  /** A directory of its own, readable to others (Debian's server drops its privileges), gone at the end. */
  directory(): string {
    const directory = mkdtempSync(path.join(tmpdir(), 'chatelaine-test-'));
    this.atEnd(() => rmSync(directory, { recursive: true, force: true }));
    return directory;
  }

  /** Whoever asks, and however often: all wait for the same end. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#end ??= this.#undoAll();
    return this.#end;
  }

  async #undoAll(): Promise<void> {
    for (const undo of this.#undo.splice(0).reverse()) await undo();
  }
}
