// Runs a program of the system. Secrets reach it through standard input alone; no shell is involved.

import { spawn } from 'node:child_process';
import { Failure } from '../failure.ts';

/** Hashing a pass phrase takes seconds, encrypting a large image minutes. cryptsetup waits for a lock without end. */
const PATIENCE_MS = 30 * 60_000;

/** What is left of it. */
export interface ToolResult {
  /** Absent if a signal ended it. */
  readonly code: number | undefined;
  readonly output: string;
  /** Its last words, on one line. */
  readonly words: string;
}

const packages: Readonly<Record<string, string>> = {
  cryptsetup: 'cryptsetup-bin',
  mke2fs: 'e2fsprogs',
  mount: 'mount',
  umount: 'mount',
};

/** @param input stays the caller's, who wipes it afterwards. Throws a {@link Failure} if the program is not there. */
export const runTool = (
  program: string,
  args: readonly string[],
  input: Uint8Array = new Uint8Array(),
): Promise<ToolResult> =>
  new Promise((resolve, reject) => {
    const env = { ...process.env, LC_ALL: 'C', PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };
    const child = spawn(program, args, { stdio: 'pipe', env, timeout: PATIENCE_MS });
    let [output, words] = ['', ''];
    child.stdout.on('data', (part: Buffer) => {
      output += part.toString();
    });
    child.stderr.on('data', (part: Buffer) => {
      words += part.toString();
    });
    // It may end without reading everything; its exit code says why.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    child.once('error', (error: NodeJS.ErrnoException) => {
      const hint = `apt-get install ${packages[program] ?? program}`;
      const text = `${program} cannot be started: ${error.code ?? 'unknown reason'}.`;
      reject(new Failure('refused', text, error.code === 'ENOENT' ? hint : undefined));
    });
    child.once('close', (code) =>
      resolve({ code: code ?? undefined, output, words: words.trim().split('\n').join(' ') }),
    );
  });

/** Runs one that must succeed; gives its output. */
export const runToolDone = async (program: string, args: readonly string[], input?: Uint8Array): Promise<string> => {
  const { code, output, words } = await runTool(program, args, input);
  if (code === 0) return output;
  throw new Failure('refused', `${program} failed: ${words === '' ? `exit code ${code}` : words}`);
};
