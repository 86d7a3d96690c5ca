// The two C programs of this bench: the load of machines, and the bare loop that is the limit.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort } from '../../test/support/free-port.ts';
import { runProgram, runToSuccess } from '../../test/support/run-program.ts';
import type { Scratch } from '../../test/support/scratch.ts';
import type { Fleet } from './fleet.ts';

/** What a load of fetches saw. */
export interface LoadResult {
  readonly fetches: number;
  readonly atOnce: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Fetches that got the right bytes. */
  readonly ok: number;
}

interface LoadOptions {
  readonly fetches: number;
  readonly atOnce: number;
  /** All begin at the same moment, one fetch each. */
  readonly salvo?: boolean;
  /** Debian's server listens with a backlog of 5 and loses connections when many come at once; they are counted then. */
  readonly mayLose?: boolean;
}

/** Fetches from a server as the machines of one fleet. Throws unless every fetch got the right bytes (or some, with `mayLose`). */
export type Load = (port: number, options: LoadOptions) => Promise<LoadResult>;

const WALL_S = 300;

/** The C programs, compiled. */
export interface Programs {
  readonly loadOf: (fleet: Fleet) => Load;
  /** Starts the bare loop; gives its port. */
  readonly startBareLoop: (fleet: Fleet, isBlocking: boolean) => Promise<number>;
}

/** Compiles both programs into a directory that is gone at the end. */
export const buildPrograms = async (scratch: Scratch): Promise<Programs> => {
  const directory = scratch.directory();
  const compile = async (name: string): Promise<string> => {
    const program = path.join(directory, name);
    const source = path.join(import.meta.dirname, `${name}.c`);
    await runToSuccess('cc', ['-O2', '-Wall', '-Wextra', '-Werror', '-pthread', '-o', program, source, '-lgnutls']);
    return program;
  };
  const load = await compile('mandosload');
  const bareLoop = await compile('bare-loop');
  let files = 0;
  const file = (content: Buffer): string => {
    const name = path.join(directory, `file${files++}`);
    writeFileSync(name, content, { mode: 0o600 });
    return name;
  };
  const loadOf = (fleet: Fleet): Load => {
    const keys = file(fleet.keys);
    const secret = file(fleet.secret);
    return async (port, { fetches, atOnce, salvo, mayLose = false }) => {
      const args = [...['-p', String(port)], ...['-k', keys], ...['-e', secret], ...['-T', String(WALL_S)]];
      args.push('-n', String(fetches), '-c', String(atOnce), ...(salvo ? ['-s'] : []));
      const { code, stdout, stderr } = await runProgram(load, args, { patienceMs: (WALL_S + 60) * 1_000 });
      const result: LoadResult | undefined = stdout.length > 0 ? JSON.parse(stdout.toString()) : undefined;
      if (result !== undefined && (code === 0 || (mayLose && result.ok > 0))) return result;
      throw new Error(`not every fetch went well: ${stdout}${stderr}`);
    };
  };
  const startBareLoop = async (fleet: Fleet, isBlocking: boolean): Promise<number> => {
    const port = await freePort();
    const args = [...(isBlocking ? ['-b'] : []), String(port), file(fleet.secret)];
    const child = spawn(bareLoop, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    scratch.atEnd(() => child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    return port;
  };
  return { loadOf, startBareLoop };
};
