// Many servers asked at the same time, each again and again, until one gives what opens. Nobody is kept waiting by another: each has
// its own rhythm, only connecting is done in turns, and a server that thinks for long holds nothing but its own connection. There is
// no end without a password: whoever started this ends it. A line says what is waited for, each time that changes.

import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { formatServerAddress, type ServerAddress } from '../options/server-address.ts';
import type { Answer } from './ask-server.ts';
import type { CollectedAnswers } from './collected-answers.ts';
import { Turns } from './turns.ts';

export interface SearchOptions {
  readonly ask: (server: ServerAddress, signal: AbortSignal, onWaiting: () => void) => Promise<Answer>;
  /** Decrypts a message; throws an error that says what is wrong with it. */
  readonly open: (message: Uint8Array) => Promise<Buffer>;
  /** From one try of a server to the next. */
  readonly retryMs: number;
  readonly say: (line: string) => void;
}

/** How many connect or shake hands at once. */
const MOST_CONNECTING = 16;
/** How many may think at once; of more, the one that has thought longest is let go. */
const MOST_WAITING = 64;
/** Servers found on the network; a stranger there can make up any number. */
const MOST_SERVERS = 256;
const SAY_WAITING_AFTER_MS = 5_000;
const REMIND_MS = 60_000;
/** Whoever gave a share is asked again rarely: it may have been enrolled anew. */
const AGAIN_AFTER_SHARE_MS = 60_000;

const LATER = 'gives nothing now: it may not know this machine, may have cut it off, or nobody has approved';

export class PasswordSearch {
  readonly #options: SearchOptions;
  readonly #over = new AbortController();
  readonly #turns = new Turns(MOST_CONNECTING);
  #answers: CollectedAnswers | undefined;
  /** By server, what was said of it last. */
  readonly #said = new Map<string, string>();
  readonly #waiting = new Set<AbortController>();
  readonly #found = Promise.withResolvers<Buffer>();
  readonly #reminder: NodeJS.Timeout;

  constructor(options: SearchOptions) {
    this.#options = options;
    setMaxListeners(0, this.#over.signal);
    this.#reminder = setInterval(() => this.#remind(), REMIND_MS);
  }

  /** The password; the caller wipes it. Rejects only for a fault of this program, or wrong settings. */
  get password(): Promise<Buffer> {
    return this.#found.promise;
  }

  /** Asks this server, too, from now on. One that is known already is left alone. */
  add(server: ServerAddress): void {
    const name = formatServerAddress(server);
    if (this.#over.signal.aborted || this.#said.has(name) || this.#said.size >= MOST_SERVERS) return;
    this.#said.set(name, '');
    this.#askForEver(server, name).catch((error: unknown) => {
      if (this.#over.signal.aborted) return;
      this.stop();
      this.#found.reject(error);
    });
  }

  /** Ends every connection, and forgets shares. */
  stop(): void {
    clearInterval(this.#reminder);
    this.#over.abort();
    this.#answers?.wipe();
  }

  async #askForEver(server: ServerAddress, name: string): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      const begunMs = performance.now();
      const isShare = await this.#askOnce(server, name);
      const restMs =
        (isShare ? Math.max(AGAIN_AFTER_SHARE_MS, this.#options.retryMs) : this.#options.retryMs) -
        (performance.now() - begunMs);
      if (!signal.aborted) await pause(Math.max(0, restMs), undefined, { signal });
    }
  }

  /** One try; whether it gave a share. */
  async #askOnce(server: ServerAddress, name: string): Promise<boolean> {
    const endTurn = await this.#turns.take();
    const own = new AbortController();
    const end = (): void => own.abort();
    this.#over.signal.addEventListener('abort', end);
    let notice: NodeJS.Timeout | undefined;
    try {
      if (this.#over.signal.aborted) return false;
      const answer = await this.#options.ask(server, own.signal, () => {
        endTurn();
        this.#letWait(own);
        notice = setTimeout(
          () => this.#sayOf(name, 'is reached and has not decided yet: somebody may have to approve'),
          SAY_WAITING_AFTER_MS,
        );
      });
      if (this.#over.signal.aborted) return false;
      return await this.#take(name, answer);
    } finally {
      clearTimeout(notice);
      this.#waiting.delete(own);
      this.#over.signal.removeEventListener('abort', end);
      endTurn();
    }
  }

  #letWait(own: AbortController): void {
    this.#waiting.add(own);
    const [oldest] = this.#waiting;
    if (this.#waiting.size > MOST_WAITING && oldest !== undefined) {
      this.#waiting.delete(oldest);
      oldest.abort();
    }
  }

  async #take(name: string, answer: Answer): Promise<boolean> {
    if (answer.kind === 'nothing') {
      this.#sayOf(name, LATER);
      return false;
    }
    if (answer.kind === 'failed') {
      this.#sayOf(name, answer.text);
      return false;
    }
    const { CollectedAnswers } = await import('./collected-answers.ts');
    let plaintext: Buffer;
    try {
      plaintext = await this.#options.open(answer.bytes);
    } catch (error) {
      this.#sayOf(name, `gave something that cannot be opened: ${(error as Error).message}`);
      return false;
    }
    if (this.#over.signal.aborted) {
      plaintext.fill(0);
      return false;
    }
    this.#answers ??= new CollectedAnswers();
    const taken = this.#answers.take(name, plaintext);
    if (taken.kind === 'password') {
      this.stop();
      this.#found.resolve(taken.password);
    } else if (taken.kind === 'wrong') {
      this.#sayOf(name, taken.text);
    } else {
      const more = taken.missing === 1 ? 'one more is' : `${taken.missing} more are`;
      this.#sayOf(name, `gave its share of the password; ${more} needed`);
      return true;
    }
    return false;
  }

  #sayOf(name: string, text: string): void {
    if (this.#said.get(name) === text) return;
    this.#said.set(name, text);
    this.#options.say(`${name} ${text}`);
  }

  #remind(): void {
    if (this.#said.size === 0) {
      this.#options.say('still waiting: no server was found so far');
      return;
    }
    this.#options.say(
      `still waiting for the disk password, from ${this.#said.size === 1 ? 'one server' : `${this.#said.size} servers`}:`,
    );
    for (const [name, text] of [...this.#said].slice(0, 8))
      this.#options.say(`  ${name} ${text === '' ? 'is being asked' : text}`);
  }
}
