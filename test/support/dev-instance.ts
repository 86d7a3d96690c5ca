// An embedded instance as a newcomer starts it: `bin/chatelaine dev` on a fresh directory, and the same command for
// everything else.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { type Finished, type RunOptions, runProgram, runToSuccess } from './run-program.ts';
import type { Scratch } from './scratch.ts';

const root = path.join(import.meta.dirname, '..', '..');

/** The command as it stands in a checkout. */
const chatelaine = path.join(root, 'bin', 'chatelaine');

/** What a process of the instance has used so far. */
interface Footprint {
  readonly residentBytes: number;
  /** User and system time together. */
  readonly cpuMs: number;
}

/** A process of the instance; `check` is the one that runs checkers for the watch. */
export type ProcessName = 'keep' | 'gate' | 'watch' | 'check' | 'bus' | 'courier';

/** A running instance. */
export interface DevInstance {
  readonly dir: string;
  readonly mandosPort: number;
  /** Where the HTTP API is, as `ADDRESS:PORT`: without TLS, and with. */
  readonly http: string;
  readonly https: string;
  /** Everything it has written to stderr so far. */
  readonly words: () => string;
  /** Runs `bin/chatelaine` on this instance, to success; gives what it printed. */
  readonly run: (args: readonly string[], options?: RunOptions) => Promise<string>;
  /** Runs it without expecting anything. */
  readonly attempt: (args: readonly string[], options?: RunOptions) => Promise<Finished>;
  readonly pidOf: (process: ProcessName) => number;
  readonly footprint: (process: ProcessName) => Footprint;
  /** SIGTERM; resolves with its exit code. */
  readonly stop: () => Promise<number | undefined>;
}

export interface DevOptions {
  /** An earlier instance's directory; a fresh one if absent. */
  readonly dir?: string;
  /** A free port if absent. */
  readonly mandosPort?: number;
  /** The address of a message bus to show the machines on; absent for none. */
  readonly bus?: string;
}

const READY_WITHIN_MS = 30_000;
const STOPPED_WITHIN_MS = 20_000;
const CLOCK_TICKS_PER_S = 100;

const childrenOf = (pid: number): readonly number[] =>
  readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );

const descendantsOf = (pid: number): readonly number[] =>
  childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);

const readFootprint = (pid: number): Footprint => {
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { residentBytes: Number(resident) * 1024, cpuMs: (ticks * 1000) / CLOCK_TICKS_PER_S };
};

const firstLine = async (child: ChildProcess, words: () => string): Promise<string> => {
  if (child.stdout === null) throw new Error('the instance has no stdout');
  const line = once(createInterface(child.stdout), 'line', { signal: AbortSignal.timeout(READY_WITHIN_MS) });
  const end = once(child, 'exit').then(([code]) => {
    throw new Error(`chatelaine dev ended with ${code} before it was ready: ${words()}`);
  });
  const [first] = await Promise.race([line, end]);
  return String(first);
};

/** Starts an instance and waits until it says that it is ready. It is stopped when `scratch` ends. */
export const startDevInstance = async (scratch: Scratch, options: DevOptions = {}): Promise<DevInstance> => {
  const dir = options.dir ?? path.join(scratch.directory(), 'instance');
  const args = ['dev', '--dir', dir, '--mandos', `127.0.0.1:${options.mandosPort ?? 0}`];
  if (options.bus !== undefined) args.push('--bus', options.bus);
  const child = spawn(chatelaine, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (part: Buffer) => {
    said = (said + part.toString()).slice(-1_000_000);
  });
  const stop = async (): Promise<number | undefined> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode ?? undefined;
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    const hardStop = setTimeout(() => child.kill('SIGKILL'), STOPPED_WITHIN_MS);
    const [code] = await exit;
    clearTimeout(hardStop);
    return code ?? undefined;
  };
  scratch.atEnd(stop);
  const ready: Readonly<Record<'dir' | 'mandos' | 'http' | 'https', string>> = JSON.parse(
    await firstLine(child, () => said),
  );
  const pidOf = (name: ProcessName): number => {
    const found = descendantsOf(child.pid ?? 0).find((pid) =>
      readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        .split('\0')
        .some((word) => path.basename(word) === `${name}.js`),
    );
    if (found === undefined) throw new Error(`the instance has no process ${name}`);
    return found;
  };
  const withDir = (more: RunOptions = {}): RunOptions => ({ ...more, env: { ...more.env, CHATELAINE_DIR: ready.dir } });
  return {
    dir: ready.dir,
    mandosPort: Number(ready.mandos.split(':').at(-1)),
    http: ready.http,
    https: ready.https,
    words: () => said,
    run: (command, more) => runToSuccess(chatelaine, command, withDir(more)),
    attempt: (command, more) => runProgram(chatelaine, command, withDir(more)),
    pidOf,
    footprint: (name) => readFootprint(pidOf(name)),
    stop,
  };
};
