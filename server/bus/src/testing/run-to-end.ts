// Runs a program to its end.

import { spawn } from 'node:child_process';

/** What is left of it; output and complaints together. */
export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

export const runToEnd = (program: string, args: readonly string[]): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const hear = (part: Buffer): void => {
      output += part.toString();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
