// Programs that bring up what takes more than setting an interface up (bridges, bonds, wireless, a VPN). What they are told, and how,
// is Mandos's interface: those of others run unchanged. One after the other, by name; one that fails or hangs is told and passed
// over. mandos-client(8mandos), "NETWORK HOOKS"

import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

export interface HookSettings {
  readonly directory: string;
  /** As they were named on the command line; empty if none was. */
  readonly interfaces: readonly string[];
  readonly delayMs: number;
  readonly debug: boolean;
  /** As on the command line; empty if servers are looked for. */
  readonly connect: string;
  readonly say: (line: string) => void;
}

const NAME = /^[A-Za-z0-9_.-]+$/;
const ANY_EXECUTE_BIT = 0o111;
const PATIENCE_MS = 60_000;

const hooksIn = (directory: string): readonly string[] => {
  let names: readonly string[];
  try {
    names = readdirSync(directory);
  } catch {
    return [];
  }
  return names
    .filter((name) => {
      if (!NAME.test(name)) return false;
      const status = statSync(path.join(directory, name), { throwIfNoEntry: false });
      return status?.isFile() === true && (status.mode & ANY_EXECUTE_BIT) !== 0;
    })
    .toSorted();
};

const runHook = async (file: string, mode: string, env: NodeJS.ProcessEnv): Promise<string | undefined> => {
  // Only where there are hooks: loading it takes as long as a handshake.
  const { spawn } = await import('node:child_process');
  // Both ways to learn the mode: the manual promises the argument, the program gives the variable.
  const child = spawn(file, [mode], { env, stdio: ['ignore', 2, 2], timeout: PATIENCE_MS, killSignal: 'SIGKILL' });
  try {
    const [code, signal] = await once(child, 'exit');
    if (code === 0) return undefined;
    return code === null ? `was ended by ${signal}` : `ended with ${code}`;
  } catch (error) {
    return `cannot be run: ${(error as NodeJS.ErrnoException).code}`;
  }
};

/** Runs them all. */
export const runNetworkHooks = async (mode: 'start' | 'stop', settings: HookSettings): Promise<void> => {
  const { directory, interfaces, delayMs, debug, connect, say } = settings;
  const env = {
    ...process.env,
    MANDOSNETHOOKDIR: directory,
    DEVICE: interfaces.join(','),
    MODE: mode,
    VERBOSITY: debug ? '1' : '0',
    DELAY: (delayMs / 1_000).toFixed(6),
    ...(connect !== '' && { CONNECT: connect }),
  };
  for (const name of hooksIn(directory)) {
    if (debug) say(`running the network hook ${name} ${mode}`);
    const problem = await runHook(path.join(directory, name), mode, env);
    if (problem !== undefined) say(`the network hook ${name} ${problem}`);
  }
};
