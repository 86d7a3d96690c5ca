// Notices that are not delivered yet, one file each, so that a restart or a power cut loses none. A file is named after its
// number and its target; numbers only grow.

import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Notice } from './notice.ts';

/** A notice on its way to one target. */
export interface Spooled {
  readonly file: string;
  readonly target: string;
  readonly notice: Notice;
}

const MOST_FOR_ONE_TARGET = 10_000;
const NAME = /^([0-9]{16})-([0-9a-f]{12})\.json$/;

export class Spool {
  readonly #directory: string;
  readonly #count = new Map<string, number>();
  #newest = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Makes the directory, and reads what an earlier run left, oldest first. A file that is cut off is thrown away. */
  async open(): Promise<readonly Spooled[]> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const left: Spooled[] = [];
    for (const name of readdirSync(this.#directory).sort()) {
      const [, number, target] = NAME.exec(name) ?? [];
      const file = join(this.#directory, name);
      if (number === undefined || target === undefined) {
        rmSync(file, { force: true });
        continue;
      }
      this.#newest = Math.max(this.#newest, Number(number));
      left.push({ file, target, notice: JSON.parse(readFileSync(file, 'utf8')) });
      this.#count.set(target, (this.#count.get(target) ?? 0) + 1);
    }
    return left;
  }

  /** Durable when it resolves; `undefined` if too many wait for this target already. */
  async put(target: string, notice: Notice): Promise<Spooled | undefined> {
    const count = this.#count.get(target) ?? 0;
    if (count >= MOST_FOR_ONE_TARGET) return undefined;
    this.#count.set(target, count + 1);
    const name = `${String(++this.#newest).padStart(16, '0')}-${target}.json`;
    const file = join(this.#directory, name);
    const partial = `${file}.partial`;
    {
      await using handle = await open(partial, 'wx', 0o600);
      await handle.writeFile(JSON.stringify(notice));
      await handle.sync();
    }
    await rename(partial, file);
    await using handle = await open(this.#directory, 'r');
    await handle.sync();
    return { file, target, notice };
  }

  /** It was delivered, or given up. */
  remove({ file, target }: Spooled): void {
    rmSync(file, { force: true });
    this.#count.set(target, Math.max(0, (this.#count.get(target) ?? 0) - 1));
  }
}
