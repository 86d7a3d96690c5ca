// The processes of an instance, each started, killed and started again by a test.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Scratch } from './scratch.ts';

const root = path.join(import.meta.dirname, '..', '..');
const READY_WITHIN_MS = 60_000;

export type HouseName = 'keep' | 'gate' | 'watch';

/** Runs the processes of the instance in `dir`, which `chatelaine dev` has made and nobody else runs. */
export class House {
  readonly #config: string;
  readonly #running = new Map<HouseName, ChildProcess>();
  #words = '';

  constructor(scratch: Scratch, dir: string) {
    this.#config = path.join(dir, 'chatelaine.toml');
    scratch.atEnd(async () => {
      for (const name of [...this.#running.keys()].reverse()) await this.end(name, 'SIGTERM');
    });
  }

  /** What all of them said last. */
  get words(): string {
    return this.#words;
  }

  pidOf(name: HouseName): number {
    const pid = this.#running.get(name)?.pid;
    if (pid === undefined) throw new Error(`${name} does not run`);
    return pid;
  }

  isRunning(name: HouseName): boolean {
    const child = this.#running.get(name);
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** Starts one and waits until it is ready. Throws with its words if it ends before. `around` is what it is started by. */
  async start(name: HouseName, around: readonly string[] = []): Promise<void> {
    const [program = '', ...args] = [
      ...around,
      path.join(root, 'bin', `chatelaine-${name}`),
      '--config',
      this.#config,
      '--ready-fd',
      '3',
    ];
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
    this.#running.set(name, child);
    let own = '';
    child.stderr?.on('data', (part: Buffer) => {
      own += part.toString();
      this.#words = (this.#words + part.toString()).slice(-1_000_000);
    });
    const ready = child.stdio[3];
    if (ready === null || ready === undefined) throw new Error(`${name} could not be started`);
    const outcome = await Promise.race([
      once(ready, 'data', { signal: AbortSignal.timeout(READY_WITHIN_MS) }).then(() => 'ready'),
      once(child, 'exit').then(([code, signal]) => `ended with ${code ?? signal}: ${own}`),
    ]);
    if (outcome !== 'ready') throw new Error(`${name} ${outcome}`);
  }

  /** Sends a signal and waits for the end; gives the exit code. */
  async end(name: HouseName, signal: NodeJS.Signals): Promise<number | undefined> {
    const child = this.#running.get(name);
    this.#running.delete(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null)
      return child?.exitCode ?? undefined;
    const ended = once(child, 'exit');
    child.kill(signal);
    const [code] = await ended;
    return code ?? undefined;
  }
}
