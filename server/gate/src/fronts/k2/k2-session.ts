// One session of the k2ksm line protocol, version 1: READY, a command, perhaps MORE and its data, OK or NOK, and READY again,
// until QUIT or the end of the stream. What is asked is asked in the name of the token that the session began with, and the keep
// decides. Whatever a client does, it costs one line or one block of data, for a bounded time.

import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import {
  type Client,
  ok,
  type Refused,
  type Result,
  refuse,
  takesIdempotencyKey,
  wipeBytes,
} from '@chatelaine/contract';
import type { Log } from '@chatelaine/process';
import type { Command, Fields } from './command-form.ts';
import { MAX_LINE_BYTES, readCommandLine } from './command-line.ts';
import { commands } from './commands.ts';
import { type Greeting, MAX_GREETING_BYTES, readGreeting } from './greeting.ts';
import type { K2Config } from './k2-config.ts';
import { type LineLimits, LineReader } from './line-reader.ts';
import { SessionSettings } from './session-settings.ts';
import { BYE, CORE, MORE, nok, okay, READY } from './words.ts';

/** Longest block of data, line ends included. */
const MAX_DATA_BYTES = 65_536;
const DATA_END = Buffer.from('.');
const LF = 0x0a;

/** Commands that the session itself answers, with how many words may follow. */
const ownCommands: ReadonlyMap<string, { readonly least: number; readonly most: number }> = new Map([
  ['GET', { least: 0, most: 1 }],
  ['SET', { least: 1, most: 2 }],
  ['QUIT', { least: 0, most: 0 }],
]);

export interface K2SessionOptions {
  readonly socket: Socket;
  readonly client: Client;
  readonly config: K2Config;
  readonly log: Log;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const parseData = (block: Uint8Array): Result<unknown> => {
  try {
    return ok(JSON.parse(decoder.decode(block)));
  } catch {
    return refuse('invalid-input', { field: 'the data', message: 'must be JSON' });
  }
};

const moduleOf = ({ operation }: Command, { code }: Refused): string => {
  const isOfEverything = !operation.refusals.includes(code) && code !== 'invalid-input';
  const feature = operation.name.split('.')[0] ?? '';
  return isOfEverything ? CORE : feature === 'users' ? 'USER' : feature.toUpperCase();
};

export class K2Session {
  readonly #options: K2SessionOptions;
  readonly #reader: LineReader;
  readonly #settings = new SessionSettings();
  readonly #commandMs: number;
  #greeting: Greeting = {};
  #isStopping = false;
  /** What is said at the end. */
  #lastWords = BYE;

  constructor(options: K2SessionOptions) {
    this.#options = options;
    this.#commandMs = options.config.command_seconds * 1_000;
    this.#reader = new LineReader(options.socket);
    options.socket.on('error', () => undefined);
  }

  /** Sees it through to its end. Never rejects on a client's account. */
  async serve(): Promise<void> {
    try {
      let goesOn = await this.#greet();
      while (goesOn && !this.#isStopping) goesOn = await this.#serveCommand();
      await this.#say(this.#lastWords);
    } finally {
      this.#greeting.credential?.fill(0);
      this.#reader.stop();
      this.#options.socket.destroySoon();
    }
  }

  /** Ends it as soon as the command that is under way was answered. */
  stop(): void {
    this.#isStopping = true;
    this.#reader.stop();
  }

  /** Ends it at once. */
  destroy(): void {
    this.#options.socket.destroy();
  }

  /** The next line, which the caller wipes; undefined if the session is over. */
  async #nextLine(limits: LineLimits): Promise<Buffer | undefined> {
    const read = await this.#reader.next(limits);
    if (read.kind === 'line') return read.bytes;
    if (read.kind === 'too-long') this.#endWith(refuse('too-large'));
    else if (read.kind === 'idle') this.#endWith(refuse('deadline', { message: 'nothing came for too long' }));
    else if (read.kind === 'too-slow') this.#endWith(refuse('deadline', { message: 'the rest did not come in time' }));
    return undefined;
  }

  #endWith(refused: Refused): void {
    this.#lastWords = nok(CORE, refused) + BYE;
  }

  /** Whether the session goes on; so do the others. */
  async #greet(): Promise<boolean> {
    const line = await this.#nextLine({
      ...{ mostBytes: MAX_GREETING_BYTES, idleMs: this.#commandMs, lineMs: this.#commandMs },
    });
    if (line === undefined) return false;
    const greeting = readGreeting(line);
    line.fill(0);
    if (greeting.kind === 'refused') this.#endWith(greeting);
    else this.#greeting = greeting.value;
    return greeting.kind === 'ok';
  }

  async #serveCommand(): Promise<boolean> {
    await this.#say(READY);
    const line = await this.#nextLine({
      mostBytes: MAX_LINE_BYTES,
      idleMs: this.#options.config.idle_seconds * 1_000,
      lineMs: this.#commandMs,
    });
    if (line === undefined) return false;
    const words = readCommandLine(line);
    line.fill(0);
    if (words === undefined) {
      await this.#refuseCommand('must be words of printable ASCII with one blank between two of them');
      return true;
    }
    const [group = '', word = '', ...others] = words;
    const command = commands.get(`${group} ${word}`);
    return command === undefined ? await this.#serveOwn(words) : await this.#serveAsked(command, others);
  }

  /** A command that the keep answers. */
  async #serveAsked(command: Command, words: readonly string[]): Promise<boolean> {
    const answer = await this.#ask(command, words);
    if (answer === undefined) return false;
    const { name } = command.operation;
    this.#options.log.debug({ operation: name, ...(answer.kind === 'refused' && { code: answer.code }) }, 'answered');
    await this.#say(answer.kind === 'refused' ? nok(moduleOf(command, answer), answer) : okay(answer.value));
    return true;
  }

  /** A command that the session itself answers. */
  async #serveOwn([command, ...words]: readonly string[]): Promise<boolean> {
    const bounds = command === undefined ? undefined : ownCommands.get(command);
    if (bounds === undefined) await this.#refuseCommand('is not known');
    else if (words.length < bounds.least) await this.#refuseCommand('has too few words');
    else if (words.length > bounds.most) await this.#refuseCommand('has too many words');
    else if (command === 'QUIT') {
      await this.#say(okay(undefined));
      return false;
    } else {
      const [name, value] = words;
      const done = command === 'SET' ? this.#settings.set(name ?? '', value) : this.#settings.get(name);
      await this.#say(done.kind === 'refused' ? nok(CORE, done) : okay(done.value));
    }
    return true;
  }

  /** Asks the keep; gives what follows OK, or undefined if the session is over. */
  async #ask(command: Command, words: readonly string[]): Promise<Result<unknown> | undefined> {
    if (this.#greeting.credential === undefined) return refuse('unauthenticated');
    // Before data is asked for that would be of no use.
    const line = command.inputOf(words);
    if (line.kind === 'refused' || !command.takesData)
      return line.kind === 'ok' ? await this.#call(command, line.value) : line;
    const data = await this.#readData();
    if (data === undefined || data.kind === 'refused') return data;
    try {
      const input = command.inputOf(words, data.value);
      return input.kind === 'refused' ? input : await this.#call(command, input.value);
    } finally {
      wipeBytes(data.value);
    }
  }

  async #call({ operation, answerOf }: Command, input: Fields): Promise<Result<unknown>> {
    const { source, credential } = this.#greeting;
    const isCheck = operation.kind === 'release';
    const person = isCheck && this.#settings.source !== undefined && { source: { address: this.#settings.source } };
    const result = await this.#options.client.call(
      operation,
      { ...input, ...person },
      {
        deadlineMs: this.#options.config.answer_seconds * 1_000,
        ...(credential !== undefined && { credential }),
        ...(source !== undefined && { source }),
        ...(takesIdempotencyKey(operation) && { requestId: randomUUID() }),
      },
    );
    if (result.kind === 'refused') return result;
    const answer = answerOf(result.value);
    wipeBytes(result.value);
    return ok(answer);
  }

  /** Asks for data; undefined if the session is over. */
  async #readData(): Promise<Result<unknown> | undefined> {
    await this.#say(MORE);
    const block = Buffer.allocUnsafeSlow(MAX_DATA_BYTES);
    const goodUntil = performance.now() + this.#commandMs;
    let size = 0;
    try {
      for (;;) {
        const leftMs = Math.max(goodUntil - performance.now(), 0);
        const line = await this.#nextLine({ mostBytes: MAX_DATA_BYTES - size - 1, idleMs: leftMs, lineMs: leftMs });
        if (line === undefined) return undefined;
        if (line.equals(DATA_END)) return parseData(block.subarray(0, size));
        size += line.copy(block, size);
        block[size++] = LF;
        line.fill(0);
      }
    } finally {
      block.fill(0);
    }
  }

  async #refuseCommand(message: string): Promise<void> {
    await this.#say(nok(CORE, refuse('invalid-input', { field: 'the command', message })));
  }

  /** Says something and waits until the client has taken it, or is gone: then the next line will not come. */
  #say(words: string): Promise<void> {
    const { socket } = this.#options;
    if (!socket.writable) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => socket.destroy(), this.#commandMs);
      socket.write(words, () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
