// For tests: somebody who speaks the line protocol, over whatever carries it.

import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

export class LineClient {
  readonly #from: Readable;
  readonly #to: Writable;
  #heard = '';
  #hasEnded = false;
  #wake: (() => void) | undefined;

  constructor(from: Readable, to: Writable) {
    this.#from = from;
    this.#to = to;
    from.setEncoding('utf8');
    from.on('data', (text: string) => {
      this.#heard += text;
      this.#wake?.();
    });
    from.once('close', () => {
      this.#hasEnded = true;
      this.#wake?.();
    });
    for (const stream of new Set([from, to])) stream.on('error', () => undefined);
  }

  send(bytes: string | Uint8Array): void {
    this.#to.write(bytes);
  }

  /** Says the last thing there is to say. */
  end(bytes = ''): void {
    this.#to.end(bytes);
  }

  /** Goes away without a word. */
  leave(): void {
    this.#to.destroy();
    this.#from.destroy();
  }

  /** Resolves when the other side is gone. */
  async gone(): Promise<void> {
    if (!this.#hasEnded) await once(this.#from, 'close');
  }

  /** Everything up to the next READY or MORE, or to the end. */
  async hear(): Promise<string> {
    for (;;) {
      const found = /^(?:READY 1|MORE)\n/m.exec(this.#heard);
      const end = found === null ? -1 : found.index + found[0].length;
      if (end >= 0 || this.#hasEnded) {
        const heard = end < 0 ? this.#heard : this.#heard.slice(0, end);
        this.#heard = this.#heard.slice(heard.length);
        return heard;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Says a line and hears what comes of it. */
  async ask(line: string): Promise<string> {
    this.send(`${line}\n`);
    return await this.hear();
  }

  /** Says a line that must be refused; gives the module and the code. */
  async refusalOf(line: string): Promise<string> {
    const heard = await this.ask(line);
    const said = /^NOK\n(\{.*\})\nREADY 1\n$/.exec(heard)?.[1];
    if (said === undefined) throw new Error(`no refusal: ${heard}`);
    const { module, code } = JSON.parse(said);
    return `${module} ${code}`;
  }
}
