// The load of bench/passwords/server.ts, in a process of its own: connections over TLS that are kept, one request after the other on
// each. It only counts answers; a bench that parsed them would measure itself. Prints one JSON object.

import { connect, type TLSSocket } from 'node:tls';

export interface LoadSettings {
  readonly port: number;
  readonly token: string;
  readonly keys: readonly string[];
  readonly format: string;
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers that were no value. */
  readonly wrong: number;
  /** Processor time of this process for each answer. */
  readonly cpuUs: number;
}

const requestsOf = ({ keys, format, token }: LoadSettings): readonly Buffer[] =>
  keys.map((key) =>
    Buffer.from(
      `GET /v1/passwords/${encodeURIComponent(key)}/${format} HTTP/1.1\r\nHost: localhost\r\n` +
        `Authorization: Bearer ${token}\r\nAccept: application/octet-stream\r\n\r\n`,
    ),
  );

const HEAD_END = Buffer.from('\r\n\r\n');

/** One answer at a time: its head tells its length. */
class Answers {
  #left: Buffer = Buffer.alloc(0);

  /** The status of the answer that this completes, if it does. */
  take(chunk: Buffer): number | undefined {
    this.#left = this.#left.length === 0 ? chunk : Buffer.concat([this.#left, chunk]);
    const end = this.#left.indexOf(HEAD_END);
    if (end < 0) return undefined;
    const head = this.#left.toString('latin1', 0, end);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (this.#left.length < end + HEAD_END.length + length) return undefined;
    this.#left = this.#left.subarray(end + HEAD_END.length + length);
    return Number(head.slice(9, 12));
  }
}

const open = (port: number): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    // The certificate of an instance for trying out signs itself.
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, servername: 'localhost' });
    socket.setNoDelay(true);
    socket.once('secureConnect', () => resolve(socket)).once('error', reject);
  });

const run = async (settings: LoadSettings): Promise<LoadResult> => {
  const requests = requestsOf(settings);
  const times: number[] = [];
  let wrong = 0;
  let isOver = false;
  let next = 0;
  const drive = (socket: TLSSocket): Promise<void> =>
    new Promise((resolve, reject) => {
      const answers = new Answers();
      let sentAt = 0;
      const send = (): void => {
        sentAt = performance.now();
        socket.write(requests[next++ % requests.length] ?? Buffer.alloc(0));
      };
      socket.on('data', (chunk: Buffer) => {
        const status = answers.take(chunk);
        if (status === undefined) return;
        times.push(performance.now() - sentAt);
        if (status !== 200) wrong++;
        if (isOver) socket.end(() => resolve());
        else send();
      });
      socket.on('error', reject);
      send();
    });
  const sockets = await Promise.all(Array.from({ length: settings.connections }, () => open(settings.port)));
  const driving = Promise.all(sockets.map(drive));
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  times.length = 0;
  const before = process.cpuUsage();
  const beganAt = performance.now();
  await new Promise((resolve) => setTimeout(resolve, settings.seconds * 1_000));
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

const [given] = process.argv.slice(2);
if (given !== undefined && import.meta.main) process.stdout.write(`${JSON.stringify(await run(JSON.parse(given)))}\n`);
