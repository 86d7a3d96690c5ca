// Starts a process of the server as a child, hears when it is ready, and stops it. Each is a session of its own: Ctrl-C at
// the terminal reaches the starter alone, which then stops them in order.

import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Failure } from '../failure.ts';
import type { HouseProcessName } from './house-processes.ts';

const READY_DESCRIPTOR = 3;

/** The program of a process: a bundle beside our own, or its source. */
const programOf = (name: HouseProcessName): string => {
  const isSource = import.meta.url.endsWith('.ts');
  return fileURLToPath(new URL(isSource ? `../../../../server/${name}/src/main.ts` : `./${name}.js`, import.meta.url));
};

const SETPRIV = '/usr/bin/setpriv';

/** Should we be killed, the kernel tells the child to stop; without setpriv it would stay. prctl(2), PR_SET_PDEATHSIG */
const commandOf = (name: HouseProcessName, args: readonly string[]): readonly [string, ...string[]] => {
  const command = [process.execPath, programOf(name), ...args] as const;
  return existsSync(SETPRIV) ? [SETPRIV, '--pdeathsig', 'TERM', '--', ...command] : command;
};

/** What a child may see of our environment; nothing of it can load code or hold a secret. */
const passedOn = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TERM', 'COLORTERM', 'NO_COLOR'];

const childEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(passedOn.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));

/** Starts a process of the house; what becomes of it is the caller's. */
export const startHouseChild = (name: HouseProcessName, args: readonly string[], stdio: StdioOptions): ChildProcess => {
  const [command, ...rest] = commandOf(name, args);
  return spawn(command, rest, { stdio, env: childEnvironment(), detached: true });
};

/** How a process ended, in words. */
type Ending = string;

const endingOf = (child: ChildProcess): Promise<Ending> =>
  new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) =>
      resolve(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`),
    );
  });

const firstLineOf = async (stream: Readable): Promise<string> => {
  let text = '';
  for await (const chunk of stream) {
    text += String(chunk);
    if (text.includes('\n')) return text.slice(0, text.indexOf('\n'));
  }
  return new Promise(() => undefined);
};

/** A running process of the server. */
export class HouseProcess {
  readonly name: HouseProcessName;
  /** Resolves, never rejects, when it has ended. */
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  readonly #readyLine: Promise<string>;
  #hasEnded = false;

  /** Its words go to our stderr. */
  constructor(name: HouseProcessName, args: readonly string[]) {
    this.name = name;
    // Data on stdout is ours alone.
    this.#child = startHouseChild(name, [...args, '--ready-fd', String(READY_DESCRIPTOR)], ['ignore', 2, 2, 'pipe']);
    this.ended = endingOf(this.#child).then((ending) => {
      this.#hasEnded = true;
      return ending;
    });
    this.#readyLine = firstLineOf(this.#child.stdio[READY_DESCRIPTOR] as Readable);
  }

  /** What it says when it is ready. If it ends before, so does the command. */
  async ready(): Promise<Readonly<Record<string, unknown>>> {
    const early = this.ended.then((ending) => {
      throw new Failure('refused', `The ${this.name} ${ending} before it was ready; its last words are above.`);
    });
    return JSON.parse(await Promise.race([this.#readyLine, early]));
  }

  /** Asks it to stop and waits; one that does not stop in time is killed. */
  async stop(patienceMs: number): Promise<void> {
    if (this.#hasEnded) return;
    this.#child.kill('SIGTERM');
    const impatience = setTimeout(() => this.#child.kill('SIGKILL'), patienceMs);
    await this.ended;
    clearTimeout(impatience);
  }
}

/**
 * Runs a process to its end, with `input` on its stdin and its words on our stderr; gives what it printed. If it fails,
 * the command ends, with `exit` unless the process says that the configuration is wrong.
 */
export const runHouseProcess = async (
  name: HouseProcessName,
  args: readonly string[],
  input: Uint8Array = new Uint8Array(),
): Promise<{ readonly code: number; readonly output: string }> => {
  const child = startHouseChild(name, args, ['pipe', 'pipe', 2]);
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  // It may end without reading everything; its exit code says why.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  const closed = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 70));
  });
  return { code: await closed, output };
};
