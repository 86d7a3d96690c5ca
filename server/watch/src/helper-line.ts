// The line to the checkers' helper: where orders go in and answers come out, and word of its end. The watch starts the helper
// itself while it is root, or finds it behind a socket, where the service manager runs it under its own account.

import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** A helper that runs, or is about to. Nothing here rejects or throws later on. */
export interface HelperLine {
  /** Absent if it is not a child of this process. */
  readonly pid: number | undefined;
  /** Takes orders; its end tells the helper to end. */
  readonly orders: Writable;
  readonly answers: Readable;
  /** Resolves with how it ended, in words that follow its name. */
  readonly ended: Promise<string>;
}

/** A bundle beside our own, or the source. */
const program = fileURLToPath(
  import.meta.url.endsWith('.ts')
    ? new URL('./check/main.ts', import.meta.url)
    : new URL('./check.js', import.meta.url),
);

/** Starts it, with the environment of this process. `configFile` is the configuration's file, which it reads itself. */
export const startHelper = (configFile: string | undefined): HelperLine => {
  const args = [...process.execArgv, program, ...(configFile === undefined ? [] : ['--config', configFile])];
  const child = spawn(process.execPath, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    // A session of its own: Ctrl-C at a terminal reaches the watch, which ends the helper in order.
    detached: true,
    // Names are looked up in threads; one that hangs must not keep the others waiting.
    env: { ...process.env, UV_THREADPOOL_SIZE: '64' },
  });
  child.stdin.on('error', () => undefined);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => resolve(`ended with ${signal ?? `exit code ${code}`}`));
  });
  return { pid: child.pid, orders: child.stdin, answers: child.stdout, ended };
};

/** Asks at a UNIX socket for one. systemd.socket(5), `Accept=yes` */
export const connectToHelper = (socketPath: string): HelperLine => {
  const socket = connect(socketPath);
  const ended = new Promise<string>((resolve) => {
    socket.on('error', (error) => resolve(`could not be reached: ${error.message}`));
    socket.once('close', () => resolve('hung up'));
  });
  return { pid: undefined, orders: socket, answers: socket, ended };
};
