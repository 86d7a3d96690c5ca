// Runs a terminal session that is written down as text, and compares what is printed with what stands there.
//
//   # a comment
//   $ command            run by bash in the session's directory, where `chatelaine` is ours
//   output               what it prints on stdout, then
//   ! words              what it says on stderr
//   [1]                  its exit code, if it is not 0
//
// In expected text `…` stands for anything within a line, and alone on a line for any lines.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

interface Step {
  readonly command: string;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  readonly code: number;
}

const parse = (text: string): readonly Step[] => {
  const steps: { command: string; stdout: string[]; stderr: string[]; code: number }[] = [];
  for (const line of text.split('\n').map((raw) => raw.trim())) {
    if (line === '' || line.startsWith('# ')) continue;
    const last = steps.at(-1);
    const code = /^\[(\d+)\]$/.exec(line)?.[1];
    if (line.startsWith('$ ')) steps.push({ command: line.slice(2), stdout: [], stderr: [], code: 0 });
    else if (last === undefined) throw new Error(`the session begins with "${line}"`);
    else if (code !== undefined) last.code = Number(code);
    else if (line.startsWith('! ')) last.stderr.push(line.slice(2));
    else last.stdout.push(line);
  }
  return steps;
};

const escapePattern = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const patternOf = (lines: readonly string[]): RegExp => {
  const parts = lines.map((line) =>
    line === '…' ? '(?:.*\n)*?' : `\\s*${escapePattern(line).replaceAll('…', '.*')}\\s*\n`,
  );
  return new RegExp(`^${parts.join('')}$`);
};

/** What a command of a session did. */
export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

/** A directory in which `chatelaine` can be typed. */
export class Terminal {
  readonly directory: string;
  readonly #environment: NodeJS.ProcessEnv;

  /** @param environment what is set besides PATH and HOME */
  constructor(directory: string, environment: Readonly<Record<string, string>> = {}) {
    this.directory = directory;
    const bin = join(directory, '.bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, 'chatelaine'), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`, { mode: 0o755 });
    this.#environment = { PATH: `${bin}:/usr/bin:/bin:/usr/sbin`, HOME: directory, LC_ALL: 'C.UTF-8', ...environment };
  }

  /** Runs one line of bash, its stdin empty. */
  run(command: string): Promise<Ran> {
    const child = spawn('bash', ['-c', command], {
      cwd: this.directory,
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ stdout, stderr, code }));
    });
  }

  /** Runs a session to its end. */
  async follow(session: string): Promise<void> {
    for (const { command, stdout, stderr, code } of parse(session)) {
      const ran = await this.run(command);
      const shown = `$ ${command}\n${ran.stdout}--- stderr\n${ran.stderr}[${ran.code}]`;
      assert.match(ran.stdout, patternOf(stdout), `stdout of\n${shown}`);
      assert.match(ran.stderr, patternOf(stderr), `stderr of\n${shown}`);
      assert.equal(ran.code, code, `exit code of\n${shown}`);
    }
  }
}
