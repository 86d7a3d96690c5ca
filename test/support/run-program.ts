// Runs a program to its end, or to the end of our patience, and says what it said. Nothing goes through a shell.

import { spawn } from 'node:child_process';

/** Time to tidy up: mandos-client, for one, has a key ring to remove. */
const GRACE_MS = 5_000;

/** What is left of a program that has ended. */
export interface Finished {
  /** Absent if a signal ended it. */
  readonly code: number | undefined;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: Uint8Array | string;
  /** Added to this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Milliseconds after which the program is asked to end, and soon after that is killed; the default is a minute. */
  readonly patienceMs?: number;
}

/** Runs `program` and waits for its end. Throws only if it cannot be started. */
export const runProgram = (program: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: 'pipe',
    });
    const patienceMs = options.patienceMs ?? 60_000;
    const ask = setTimeout(() => child.kill('SIGTERM'), patienceMs);
    const kill = setTimeout(() => child.kill('SIGKILL'), patienceMs + GRACE_MS);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (part: Buffer) => stdout.push(part));
    child.stderr.on('data', (part: Buffer) => stderr.push(part));
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(ask);
      clearTimeout(kill);
      resolve({ code: code ?? undefined, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() });
    });
  });

/** Runs a program that must succeed, and gives its output. Throws with its words otherwise. */
export const runToSuccess = async (
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> => {
  const { code, stdout, stderr } = await runProgram(program, args, options);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code ?? 'a signal'}: ${stderr}`);
  return stdout.toString();
};
