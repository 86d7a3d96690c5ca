// Data goes to stdout, words to stderr. A reader that had enough (`| head`) ends the command quietly.

import { once } from 'node:events';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

/** Prints data; resolves when more may be printed. */
export const print = async (text: string): Promise<void> => {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
};

/** Prints a value as one line of JSON. */
export const printJson = (value: unknown): Promise<void> => print(`${JSON.stringify(value)}\n`);

/** Says something to the person, as a line of its own. */
export const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** Prints many values as one JSON array, an element a line, without ever holding all of them. */
export class JsonArrayPrinter {
  #isEmpty = true;

  async add(values: readonly unknown[]): Promise<void> {
    if (values.length === 0) return;
    const text = values.map((value) => JSON.stringify(value)).join(',\n');
    await print(`${this.#isEmpty ? '[\n' : ',\n'}${text}`);
    this.#isEmpty = false;
  }

  async end(): Promise<void> {
    await print(this.#isEmpty ? '[]\n' : '\n]\n');
  }
}
