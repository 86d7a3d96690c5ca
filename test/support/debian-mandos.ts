// Debian's own Mandos server, on a bus of its own, so that it runs beside anything that is on the machine.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { runToSuccess } from './run-program.ts';
import type { Scratch } from './scratch.ts';
import { startSystemBus } from './system-bus.ts';

/** A running server. */
export interface DebianMandos {
  /** The address of its bus. */
  readonly bus: string;
  readonly port: number;
  readonly pid: number;
  /** Holds mandos.conf and clients.conf. */
  readonly configDir: string;
  /** Asks it to end, which it does after it saved its state; gives the state, if it managed to. */
  readonly stop: () => Promise<Buffer | undefined>;
}

const START_PATIENCE_MS = 60_000;
const STOP_PATIENCE_MS = 2_000;
const SAVE_PATIENCE_MS = 30_000;
const STATE_FILE = 'clients.pickle';

const waitUntilListening = async (port: number): Promise<void> => {
  const deadline = Date.now() + START_PATIENCE_MS;
  while (Date.now() < deadline) {
    const socket = net.connect(port, '127.0.0.1');
    const isListening = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isListening) return;
    await sleep(50);
  }
  throw new Error('the Mandos server did not begin to listen');
};

/**
 * Starts the server with this clients.conf, and the state that an earlier one saved. Root only: it reads its files before it
 * drops its privileges.
 */
export const startDebianMandos = async (
  scratch: Scratch,
  clientsConf: string,
  state?: Buffer,
): Promise<DebianMandos> => {
  const directory = scratch.directory();
  const configDir = path.join(directory, 'config');
  const stateDir = path.join(directory, 'state');
  chmodSync(directory, 0o755);
  mkdirSync(configDir);
  mkdirSync(stateDir, { mode: 0o700 });
  const account = (await runToSuccess('getent', ['passwd', '_mandos'])).split(':');
  const stateFile = path.join(stateDir, STATE_FILE);
  if (state !== undefined) writeFileSync(stateFile, state, { mode: 0o600 });
  for (const owned of state === undefined ? [stateDir] : [stateDir, stateFile]) {
    chownSync(owned, Number(account[2]), Number(account[3]));
  }
  writeFileSync(path.join(configDir, 'clients.conf'), clientsConf, { mode: 0o600 });
  const bus = await startSystemBus(scratch);
  const port = await freePort();
  const server = spawn(
    '/usr/sbin/mandos',
    [
      ...['--foreground', '--no-zeroconf', '--no-ipv6', '--address', '127.0.0.1', '--port', String(port)],
      ...['--configdir', configDir, '--statedir', stateDir],
    ],
    // A group of its own, so that the processes it forks for connections and checkers end with it.
    { stdio: 'ignore', detached: true, env: { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: bus } },
  );
  const { pid } = server;
  if (pid === undefined) throw new Error('the Mandos server is not installed: scripts/setup --peers');
  scratch.atEnd(async () => {
    const end = server.exitCode === null && server.signalCode === null ? once(server, 'exit') : undefined;
    server.kill('SIGTERM');
    await Promise.race([end, sleep(STOP_PATIENCE_MS)]);
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // Nothing of it is left.
    }
    await end;
  });
  await waitUntilListening(port);
  const stop = async (): Promise<Buffer | undefined> => {
    const end = once(server, 'exit', { signal: AbortSignal.timeout(SAVE_PATIENCE_MS) });
    server.kill('SIGTERM');
    await end;
    return existsSync(stateFile) ? readFileSync(stateFile) : undefined;
  };
  return { bus, port, pid, configDir, stop };
};
