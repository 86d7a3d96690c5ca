// Debian's Mandos server and ours in its place: started by the same command line, each with a state, a port and a bus of its own.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { mandosCtl } from './mandos-servers.ts';
import { type Finished, runProgram, runToSuccess } from './run-program.ts';
import type { Scratch } from './scratch.ts';
import { startSystemBus } from './system-bus.ts';

/** Debian's server. */
export const THEIRS = '/usr/sbin/mandos';

const policies = [
  '/etc/dbus-1/system.d/mandos.conf',
  path.join(import.meta.dirname, '../../integrations/dbus/se.recompile.Mandos.conf'),
];
const START_PATIENCE_MS = 60_000;
const STOP_PATIENCE_MS = 30_000;

/** A running server of either make. */
export interface DropInServer {
  readonly port: number;
  /** The address of its bus. */
  readonly bus: string;
  readonly stateDir: string;
  /** Everything it has written to stderr so far. */
  readonly words: () => string;
  /** Asks it to end; gives its exit code. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | null>;
}

export interface StartOptions {
  readonly configDir: string;
  /** A fresh one if absent. */
  readonly stateDir?: string;
  readonly more?: readonly string[];
}

/** A place for a server's state, as Debian's package makes it. */
export const makeStateDir = async (scratch: Scratch): Promise<string> => {
  const stateDir = path.join(scratch.directory(), 'state');
  chmodSync(path.dirname(stateDir), 0o755);
  mkdirSync(stateDir, { mode: 0o700 });
  const account = (await runToSuccess('getent', ['passwd', '_mandos'])).split(':');
  chownSync(stateDir, Number(account[2]), Number(account[3]));
  return stateDir;
};

/** A directory like /etc/mandos. */
export const makeConfigDir = (scratch: Scratch, clientsConf: string, more = ''): string => {
  const configDir = scratch.directory();
  chmodSync(configDir, 0o755);
  writeFileSync(path.join(configDir, 'mandos.conf'), `[DEFAULT]\nuse_ipv6 = False\naddress = 127.0.0.1\n${more}`);
  writeFileSync(path.join(configDir, 'clients.conf'), clientsConf, { mode: 0o600 });
  return configDir;
};

/** Both of them are started like this. */
export const commandLine = ({ configDir, more = [] }: StartOptions, stateDir: string, port: number): string[] => [
  ...['--configdir', configDir, '--statedir', stateDir, '--port', String(port), '--foreg', '--no-zeroconf'],
  ...more,
];

/** Starts one and waits until mandos-ctl sees it. */
export const startDropIn = async (scratch: Scratch, program: string, options: StartOptions): Promise<DropInServer> => {
  const [port, bus] = [await freePort(), await startSystemBus(scratch, policies)];
  const stateDir = options.stateDir ?? (await makeStateDir(scratch));
  const env = { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: bus };
  // A group of its own: Debian's forks for connections and checkers, which end with it.
  const child = spawn(program, commandLine(options, stateDir, port), {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
    env,
  });
  let said = '';
  child.stderr.on('data', (part: Buffer) => {
    said = (said + part.toString()).slice(-1_000_000);
  });
  const stop = stopper(child);
  scratch.atEnd(stop);
  for (const deadline = Date.now() + START_PATIENCE_MS; ; await sleep(100)) {
    const { code } = await mandosCtl(bus, []);
    if (code === 0) break;
    assert.equal(child.exitCode, null, `${program} ended: ${said}`);
    assert.ok(Date.now() < deadline, `${program} did not come up: ${said}`);
  }
  return { port, bus, stateDir, words: () => said, stop };
};

const stopper =
  (child: ChildProcess): DropInServer['stop'] =>
  async (signal = 'SIGTERM') => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const end = once(child, 'exit');
    child.kill(signal);
    const hard = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), STOP_PATIENCE_MS);
    const [code] = await end;
    clearTimeout(hard);
    return code;
  };

/** Runs one to its end, which it reaches by itself. */
export const attemptDropIn = async (scratch: Scratch, program: string, args: readonly string[]): Promise<Finished> => {
  const env = { DBUS_SYSTEM_BUS_ADDRESS: await startSystemBus(scratch, policies) };
  return await runProgram(program, args, { env, patienceMs: 20_000 });
};

/** Kills every process of ours that belongs to a state directory, as a power cut would. */
export const cutPower = (stateDir: string): void => {
  const run = path.join(stateDir, 'chatelaine/run');
  for (const name of existsSync(run) ? readdirSync(run) : []) {
    const file = path.join(run, name, `${name}.pid`);
    const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
    if (pid > 1 && existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL');
  }
};

/** Runs mandos-ctl, to success. */
export const ctl = async (bus: string, ...args: readonly string[]): Promise<void> => {
  const { code, stderr } = await mandosCtl(bus, args);
  assert.equal(code, 0, `mandos-ctl ${args.join(' ')}: ${stderr}`);
};

const SETTINGS = [
  ...['KeyID', 'Fingerprint', 'Host', 'Checker', 'Timeout', 'ExtendedTimeout', 'Interval', 'Enabled'],
  ...['ApprovalDelay', 'ApprovalDuration', 'ApprovedByDefault'],
];

/** Every machine with its settings, as mandos-ctl shows them, by name. */
export const dump = async ({ bus }: DropInServer): Promise<Readonly<Record<string, unknown>>> => {
  const { stdout } = await mandosCtl(bus, ['--dump-json']);
  const clients: Readonly<Record<string, Readonly<Record<string, unknown>>>> = JSON.parse(stdout.toString());
  const all = Object.entries(clients).map(([name, client]) => [name, SETTINGS.map((setting) => client[setting])]);
  return Object.fromEntries(all.toSorted());
};

export const isEnabled = async ({ bus }: DropInServer, name: string): Promise<boolean> =>
  (await mandosCtl(bus, ['--is-enabled', name])).code === 0;
