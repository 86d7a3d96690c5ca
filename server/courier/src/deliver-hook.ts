// A hook is a program that is started once for each notice and reads it as JSON on its standard input. Exit 0 says that it
// took it. It never runs through a shell, and what a machine is called never becomes part of a command.

import { spawn } from 'node:child_process';
import type { Notice } from './notice.ts';

const PATIENCE_MS = 30_000;

/** Resolves with why it was not taken, or with nothing. */
export const deliverToHook = (command: readonly [string, ...string[]], notice: Notice): Promise<string | undefined> =>
  new Promise((resolve) => {
    const [program, ...args] = command;
    const child = spawn(program, args, {
      stdio: ['pipe', 'ignore', 'ignore'],
      cwd: '/',
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8', CHATELAINE_NOTICE: notice.kind },
      detached: true,
    });
    const killAll = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended already.
      }
    };
    const impatience = setTimeout(killAll, PATIENCE_MS);
    const end = (why: string | undefined): void => {
      clearTimeout(impatience);
      resolve(why);
    };
    child.once('error', (error: NodeJS.ErrnoException) => end(`could not be started: ${error.code}`));
    child.once('exit', (code, signal) => {
      killAll();
      if (signal !== null) end(`was ended by ${signal}`);
      else end(code === 0 ? undefined : `ended with exit code ${code}`);
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${JSON.stringify(notice)}\n`);
  });
