// Ends what a server that was killed left running: its processes have accounts of their own, and the kernel does not stop them
// with it. A PID file may be written by an account that root must not trust, so that only a process of that very account, with
// our configuration in its command line, is ended.

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Instance, peersUsed } from './instance-directory.ts';

const PATIENCE_MS = 10_000;
const LOOK_MS = 25;

const readText = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

const isOurs = (pid: number, uid: number, configFile: string): boolean => {
  const status = readText(`/proc/${pid}/status`);
  if (!new RegExp(`^Uid:\\s+${uid}\\s`, 'm').test(status) || /^State:\s+[ZX]/m.test(status)) return false;
  return readText(`/proc/${pid}/cmdline`).split('\0').includes(configFile);
};

/** Ends them, the keep last. */
export const endLeftovers = async (instance: Instance): Promise<void> => {
  for (const name of [...peersUsed, 'keep'] as const) {
    const pid = Number.parseInt(readText(instance.pidFileOf(name)).slice(0, 16), 10);
    if (!Number.isSafeInteger(pid) || pid <= 1) continue;
    const { uid } = instance.accountOf(name);
    const isThere = (): boolean => isOurs(pid, uid, instance.configFile);
    for (const [signal, patienceMs] of [
      ['SIGTERM', PATIENCE_MS],
      ['SIGKILL', PATIENCE_MS],
    ] as const) {
      if (!isThere()) break;
      process.kill(pid, signal);
      const deadline = performance.now() + patienceMs;
      while (isThere() && performance.now() < deadline) await sleep(LOOK_MS);
    }
  }
};
