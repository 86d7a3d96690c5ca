// Debian's own Mandos server, on a bus of its own, so that it runs beside anything that is on the machine.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { runToSuccess } from './run-program.ts';
import type { Scratch } from './scratch.ts';

/** A running server. */
export interface DebianMandos {
  readonly port: number;
  readonly pid: number;
}

const START_PATIENCE_MS = 60_000;
const STOP_PATIENCE_MS = 2_000;

const busConfiguration = (socket: string): string => `<!DOCTYPE busconfig PUBLIC
  "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
  </policy>
  <include>/etc/dbus-1/system.d/mandos.conf</include>
</busconfig>
`;

const startBus = async (scratch: Scratch, directory: string): Promise<string> => {
  const socket = path.join(directory, 'bus');
  const configuration = path.join(directory, 'bus.conf');
  writeFileSync(configuration, busConfiguration(socket));
  const bus = spawn('dbus-daemon', [`--config-file=${configuration}`, '--nofork', '--nopidfile', '--print-address=1'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  scratch.atEnd(() => bus.kill('SIGKILL'));
  await once(bus.stdout, 'data');
  return `unix:path=${socket}`;
};

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

/** Starts the server with this clients.conf. Root only: it reads its files before it drops its privileges. */
export const startDebianMandos = async (scratch: Scratch, clientsConf: string): Promise<DebianMandos> => {
  const directory = scratch.directory();
  const configDir = path.join(directory, 'config');
  const stateDir = path.join(directory, 'state');
  chmodSync(directory, 0o755);
  mkdirSync(configDir);
  mkdirSync(stateDir, { mode: 0o700 });
  const account = (await runToSuccess('getent', ['passwd', '_mandos'])).split(':');
  chownSync(stateDir, Number(account[2]), Number(account[3]));
  writeFileSync(path.join(configDir, 'clients.conf'), clientsConf, { mode: 0o600 });
  const address = await startBus(scratch, directory);
  const port = await freePort();
  const server = spawn(
    '/usr/sbin/mandos',
    [
      ...['--foreground', '--no-zeroconf', '--no-ipv6', '--address', '127.0.0.1', '--port', String(port)],
      ...['--configdir', configDir, '--statedir', stateDir],
    ],
    // A group of its own, so that the processes it forks for connections and checkers end with it.
    { stdio: 'ignore', detached: true, env: { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: address } },
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
  return { port, pid };
};
