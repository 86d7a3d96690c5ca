// Load over HTTP: on each connection one request after the other, or a connection for each. It only looks whether an answer is the
// right one; a bench that parsed them would measure itself.

import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers that were not what was asked for. */
  readonly wrong: number;
  /** All of them, also those of warming up. */
  readonly answers: number;
  /** Processor time of this process for each answer. */
  readonly cpuUs: number;
}

export interface HttpLoad {
  /** Opens a connection. */
  readonly open: () => Promise<Socket>;
  /** Whether it is used for more than one request. */
  readonly keepsConnections: boolean;
  readonly nextRequest: () => Uint8Array;
  /** Whether the answer, head and body, is right. */
  readonly isRight: (answer: Buffer) => boolean;
  readonly connections: number;
  /** After a second of warming up. */
  readonly seconds: number;
}

const HEAD_END = Buffer.from('\r\n\r\n');

/** Opens a connection to this machine; the certificate of an instance for trying out signs itself. */
export const openLocal = (port: number, withTls: boolean): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const address = { port, host: '127.0.0.1' };
    const socket = withTls
      ? connectTls({ ...address, rejectUnauthorized: false, servername: 'localhost' })
      : connectPlain(address);
    socket.setNoDelay(true);
    socket.once(withTls ? 'secureConnect' : 'connect', () => resolve(socket.off('error', reject)));
    socket.once('error', reject);
  });

/** One answer at a time: its head tells its length, or the end of the connection does. */
class Answers {
  #left: Buffer = Buffer.alloc(0);

  /** The answer that this completes, if it does. */
  take(chunk: Buffer): Buffer | undefined {
    this.#left = this.#left.length === 0 ? chunk : Buffer.concat([this.#left, chunk]);
    const end = this.#left.indexOf(HEAD_END);
    if (end < 0) return undefined;
    const length = /content-length: (\d+)/i.exec(this.#left.toString('latin1', 0, end))?.[1];
    const size = end + HEAD_END.length + Number(length ?? Number.NaN);
    if (!(this.#left.length >= size)) return undefined;
    const answer = this.#left.subarray(0, size);
    this.#left = this.#left.subarray(size);
    return answer;
  }

  /** What there is when the connection ends. */
  rest(): Buffer {
    return this.#left;
  }
}

class Load {
  readonly #load: HttpLoad;
  readonly #times: number[] = [];
  #wrong = 0;
  #answers = 0;
  #isOver = false;

  constructor(load: HttpLoad) {
    this.#load = load;
  }

  async run(): Promise<LoadResult> {
    const { connections, seconds } = this.#load;
    const driving = Promise.all(Array.from({ length: connections }, () => this.#drive()));
    await Promise.race([driving, new Promise((resolve) => setTimeout(resolve, 1_000))]);
    this.#times.length = 0;
    const before = process.cpuUsage();
    const beganAt = performance.now();
    await Promise.race([driving, new Promise((resolve) => setTimeout(resolve, seconds * 1_000))]);
    const elapsedMs = performance.now() - beganAt;
    const { user, system } = process.cpuUsage(before);
    const counted = this.#times.slice().sort((a, b) => a - b);
    this.#isOver = true;
    await driving;
    const at = (part: number): number => counted[Math.floor(part * (counted.length - 1))] ?? 0;
    return {
      perSecond: (counted.length * 1_000) / elapsedMs,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      wrong: this.#wrong,
      answers: this.#answers,
      cpuUs: (user + system) / Math.max(1, counted.length),
    };
  }

  async #drive(): Promise<void> {
    while (!this.#isOver) {
      const openedAt = performance.now();
      await this.#use(await this.#load.open(), openedAt);
    }
  }

  #count(answer: Buffer, sentAt: number): void {
    this.#answers++;
    this.#times.push(performance.now() - sentAt);
    if (!this.#load.isRight(answer)) this.#wrong++;
  }

  /** A connection of one request takes the time that opening it took, too. */
  #use(socket: Socket, openedAt: number): Promise<void> {
    const { keepsConnections, nextRequest } = this.#load;
    return new Promise((resolve, reject) => {
      const answers = new Answers();
      let sentAt = openedAt;
      let isAsked = true;
      socket.on('data', (chunk: Buffer) => {
        const answer = answers.take(chunk);
        if (answer === undefined) return;
        isAsked = false;
        this.#count(answer, sentAt);
        if (!keepsConnections || this.#isOver) {
          socket.end();
          return;
        }
        isAsked = true;
        const request = nextRequest();
        sentAt = performance.now();
        socket.write(request);
      });
      socket.on('error', reject);
      socket.on('close', () => {
        if (isAsked) this.#count(answers.rest(), sentAt);
        resolve();
      });
      const request = nextRequest();
      if (keepsConnections) sentAt = performance.now();
      socket.write(request);
    });
  }
}

/** Loads a server, and measures. */
export const runHttpLoad = (load: HttpLoad): Promise<LoadResult> => new Load(load).run();
