// One plugin. Invariant: what it has written counts only when it has ended with 0 and has closed its standard output; in every other
// case it is zeroed and nobody sees it.

import { spawn } from 'node:child_process';
import type { Plugin, PluginAccount } from './find-plugins.ts';

/** More than cryptsetup takes for a key file, 8 MiB. cryptsetup(8) */
const MAX_PASSWORD_BYTES = 8_388_608;
/** mandos-client takes down what it has brought up before it ends. */
const GRACE_MS = 10_000;

/** How it ended; whoever takes a password wipes it. */
type PluginOutcome =
  | { readonly kind: 'password'; readonly password: Buffer }
  | { readonly kind: 'failed'; readonly why: string };

/** A plugin that runs. */
export interface RunningPlugin {
  readonly name: string;
  /** Never rejects. */
  readonly outcome: Promise<PluginOutcome>;
  /** Asks it to end, and makes it end if it has not done so ten seconds later. */
  readonly end: () => void;
}

/** Its output, as far as it has come. */
class Collected {
  readonly #parts: Buffer[] = [];
  #size = 0;

  /** Whether it is still short enough. */
  add(part: Buffer): boolean {
    this.#parts.push(part);
    this.#size += part.length;
    return this.#size <= MAX_PASSWORD_BYTES;
  }

  /** All of it in a buffer of its own. */
  whole(): Buffer {
    const whole = Buffer.allocUnsafeSlow(this.#size);
    let at = 0;
    for (const part of this.#parts) at += part.copy(whole, at);
    return whole;
  }

  wipe(): void {
    for (const part of this.#parts) part.fill(0);
  }
}

/** What it is given. */
export interface PluginStart {
  readonly options: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** Whom it runs as, without further groups; absent for the account of this process. */
  readonly account: PluginAccount | undefined;
}

/** Starts it. Its standard input and error are those of this process. */
export const startPlugin = (
  { name, file, isScriptOfRoot }: Plugin,
  { options, environment, account }: PluginStart,
): RunningPlugin => {
  const child = spawn(file, options, {
    argv0: name,
    env: environment,
    stdio: ['inherit', 'pipe', 'inherit'],
    ...(isScriptOfRoot ? {} : account),
  });
  const collected = new Collected();
  let [isTooLong, isOver] = [false, false];
  let hard: NodeJS.Timeout | undefined;
  const end = (): void => {
    if (isOver || child.pid === undefined) return;
    child.kill('SIGTERM');
    hard ??= setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  };
  const outcome = new Promise<PluginOutcome>((resolve) => {
    const settle = (result: PluginOutcome): void => {
      isOver = true;
      clearTimeout(hard);
      collected.wipe();
      resolve(result);
    };
    child.stdout?.on('data', (part: Buffer) => {
      if (collected.add(part) || isTooLong) return;
      isTooLong = true;
      end();
    });
    child.on('error', ({ message }) => {
      // Otherwise it is a signal that it may not be sent: a plugin that has become another account is no longer ours to end.
      if (child.pid === undefined) settle({ kind: 'failed', why: `cannot be started: ${message}` });
    });
    child.once('close', (code, signal) => {
      if (isTooLong) settle({ kind: 'failed', why: `wrote more than ${MAX_PASSWORD_BYTES} bytes` });
      else if (code === 0) settle({ kind: 'password', password: collected.whole() });
      else settle({ kind: 'failed', why: signal === null ? `ended with ${code}` : `was ended by ${signal}` });
    });
  });
  return { name, outcome, end };
};
