// The helper that speaks with servers, as the keep sees it: started with the first question, one for the process, asked many things
// at once, and ended and replaced if a server keeps it busy. See directory-helper.ts for why.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Log } from '@chatelaine/process';
import type { ServerQuestion } from './ask-server.ts';
import type { Verdict } from './directory-verdict.ts';
import type { LdapSettings } from './ldap-settings.ts';
import { encodeQuestion } from './question-frames.ts';

/** What it may take longer than a server may, its start included. */
const GRACE_MS = 3_000;
const MOST_MEGABYTES = 64;

const program = fileURLToPath(
  import.meta.url.endsWith('.ts')
    ? new URL('./directory-helper.ts', import.meta.url)
    : new URL('./directory.js', import.meta.url),
);

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** Starts one, which ends when this process does. It is told nothing but what it is asked. */
const startChild = (): Child => {
  const args = [...process.execArgv, `--max-old-space-size=${MOST_MEGABYTES}`, program];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'], env: {}, cwd: '/' });
  child.stdin.on('error', () => undefined);
  child.unref();
  for (const pipe of [child.stdin, child.stdout] as unknown as readonly Socket[]) pipe.unref();
  return child;
};

/** One child with what it was asked and has not answered. */
class Helper {
  readonly #child = startChild();
  readonly #pending = new Map<number, (verdict: Verdict) => void>();
  #lastId = 0;
  #hasEnded = false;

  constructor(log: Log) {
    createInterface(this.#child.stdout).on('line', (line) => {
      const { id, verdict } = JSON.parse(line) as { readonly id: number; readonly verdict: Verdict };
      this.#pending.get(id)?.(verdict);
    });
    this.#child.once('error', (error) => {
      log.error({ err: error }, 'the helper of the directory cannot be started');
      this.#end('broken-off');
    });
    this.#child.once('exit', (code, signal) => {
      log.warn({ code, signal }, 'the helper of the directory ended');
      this.#end('broken-off');
    });
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  ask(settings: LdapSettings, question: ServerQuestion): Promise<Verdict> {
    const id = ++this.#lastId;
    const message = encodeQuestion({ id, settings, question });
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#giveUp(), settings.timeout_seconds * 1_000 + GRACE_MS);
      this.#pending.set(id, (verdict) => {
        clearTimeout(timer);
        this.#pending.delete(id);
        resolve(verdict);
      });
      this.#child.stdin.write(message, () => message.fill(0));
    });
  }

  /** A server keeps it busy. Whoever else is asked about is so in vain, and is asked about again at the next server. */
  #giveUp(): void {
    this.#end('timed-out');
    this.#child.kill('SIGKILL');
  }

  #end(problem: 'broken-off' | 'timed-out'): void {
    this.#hasEnded = true;
    for (const settle of [...this.#pending.values()]) settle({ kind: 'failed', problem });
  }
}

let helper: Helper | undefined;

/** Asks one server through the helper of this process. The passwords stay the caller's. Never rejects. */
export const askHelper = (settings: LdapSettings, question: ServerQuestion, log: Log): Promise<Verdict> => {
  if (helper === undefined || helper.hasEnded) helper = new Helper(log);
  return helper.ask(settings, question);
};
