// Load over HTTP: connections that are kept, one request after the other on each. It only looks whether an answer is the right one;
// a bench that parsed them would measure itself.

import type { Socket } from 'node:net';

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers that were not what was asked for. */
  readonly wrong: number;
  /** Processor time of this process for each answer. */
  readonly cpuUs: number;
}

export interface HttpLoad {
  /** Opens a connection. */
  readonly open: () => Promise<Socket>;
  readonly nextRequest: () => Uint8Array;
  /** Whether the answer, head and body, is right. */
  readonly isRight: (answer: Buffer) => boolean;
  readonly connections: number;
  /** After a second of warming up. */
  readonly seconds: number;
}

const HEAD_END = Buffer.from('\r\n\r\n');

/** One answer at a time: its head tells its length. */
class Answers {
  #left: Buffer = Buffer.alloc(0);

  /** The answer that this completes, if it does. */
  take(chunk: Buffer): Buffer | undefined {
    this.#left = this.#left.length === 0 ? chunk : Buffer.concat([this.#left, chunk]);
    const end = this.#left.indexOf(HEAD_END);
    if (end < 0) return undefined;
    const length = Number(/content-length: (\d+)/i.exec(this.#left.toString('latin1', 0, end))?.[1] ?? 0);
    const size = end + HEAD_END.length + length;
    if (this.#left.length < size) return undefined;
    const answer = this.#left.subarray(0, size);
    this.#left = this.#left.subarray(size);
    return answer;
  }
}

/** Loads a server, and measures. */
export const runHttpLoad = async (load: HttpLoad): Promise<LoadResult> => {
  const times: number[] = [];
  let wrong = 0;
  let isOver = false;
  const drive = (socket: Socket): Promise<void> =>
    new Promise((resolve, reject) => {
      const answers = new Answers();
      let sentAt = 0;
      const send = (): void => {
        const request = load.nextRequest();
        sentAt = performance.now();
        socket.write(request);
      };
      socket.on('data', (chunk: Buffer) => {
        const answer = answers.take(chunk);
        if (answer === undefined) return;
        times.push(performance.now() - sentAt);
        if (!load.isRight(answer)) wrong++;
        if (isOver) socket.end(() => resolve());
        else send();
      });
      socket.on('error', reject);
      send();
    });
  const sockets = await Promise.all(Array.from({ length: load.connections }, load.open));
  const driving = Promise.all(sockets.map(drive));
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  times.length = 0;
  const before = process.cpuUsage();
  const beganAt = performance.now();
  await new Promise((resolve) => setTimeout(resolve, load.seconds * 1_000));
  const elapsedMs = performance.now() - beganAt;
  const { user, system } = process.cpuUsage(before);
  const counted = times.slice().sort((a, b) => a - b);
  isOver = true;
  await driving;
  const at = (part: number): number => counted[Math.floor(part * (counted.length - 1))] ?? 0;
  return {
    perSecond: (counted.length * 1_000) / elapsedMs,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    wrong,
    cpuUs: (user + system) / Math.max(1, counted.length),
  };
};
