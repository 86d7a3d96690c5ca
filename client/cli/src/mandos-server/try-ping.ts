// Whether checkers that ping can ping. Mandos's default one is fping, which gets what it needs from its file, and a program of an
// account without new privileges gets nothing from there: that every machine will run out of time is better said at the start.

import { execFile } from 'node:child_process';
import type { machines } from '@chatelaine/contract';
import { lookUpAccount } from '@chatelaine/process';

const TRIAL = 'fping -q -- 127.0.0.1 >/dev/null 2>&1';
const SETPRIV = '/usr/bin/setpriv';
const PATIENCE_MS = 10_000;

/** The trial as the account that runs checkers. */
const command = (): readonly [program: string, ...args: string[]] => {
  const shell = ['/bin/sh', '-c', TRIAL] as const;
  const account = process.geteuid?.() === 0 ? lookUpAccount('chatelaine-check') : undefined;
  if (account === undefined) return shell;
  const { uid, gid } = account;
  return [SETPRIV, `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--no-new-privs', '--', ...shell];
};

const works = (): Promise<boolean> =>
  new Promise((resolve) => {
    const [program, ...args] = command();
    execFile(program, args, { timeout: PATIENCE_MS }, (error) => resolve(error === null));
  });

/** What is to be said about it, if anything. */
export const tryPing = async (all: readonly machines.NewMachine[]): Promise<readonly string[]> => {
  const pinging = all.filter(({ settings }) => /\bfping6?\b/.test(settings.checker));
  if (pinging.length === 0 || (await works())) return [];
  const whose = pinging.length === 1 ? 'the checker of 1 machine' : `the checkers of ${pinging.length} machines`;
  return [
    `warning: fping does not work here for ${whose}, which will run out of time:`,
    'warning: it needs fping 5.2 or later, and the group chatelaine-check in the sysctl net.ipv4.ping_group_range;',
    'warning: or another checker, such as the one that mandos-keygen writes, which needs no privilege.',
  ];
};
