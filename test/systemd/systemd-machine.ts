// A machine whose process 1 is a real systemd, in namespaces of its own: what it writes, its accounts too, goes with it.

import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Finished, type RunOptions, runProgram, runToSuccess } from '../support/run-program.ts';
import type { Scratch } from '../support/scratch.ts';

const boot = path.join(import.meta.dirname, 'boot-in-namespaces.sh');
const debianUnits = '/lib/systemd/system';
const PATIENCE_MS = 60_000;

/** What a unit may count on, and no more of it than that. */
const units: Readonly<Record<string, string>> = {
  'machine.target': '[Unit]\nRequires=sysinit.target\nAfter=sysinit.target\n',
  'sysinit.target':
    '[Unit]\nDefaultDependencies=no\nRequires=systemd-journald.socket\nWants=systemd-journald.service\nAfter=systemd-journald.service\n',
  'systemd-journald.socket':
    '[Unit]\nDefaultDependencies=no\n[Socket]\nListenStream=/run/systemd/journal/stdout\nListenDatagram=/run/systemd/journal/socket\n',
  'systemd-journald.service':
    '[Unit]\nDefaultDependencies=no\nRequires=systemd-journald.socket\nAfter=systemd-journald.socket\n' +
    '[Service]\nType=notify\nSockets=systemd-journald.socket\nFileDescriptorStoreMax=64\nExecStart=/lib/systemd/systemd-journald\n',
  ...Object.fromEntries(
    [
      'basic',
      'sockets',
      'multi-user',
      'network-online',
      'time-sync',
      'shutdown',
      'umount',
      'local-fs',
      'local-fs-pre',
    ].map((name) => [`${name}.target`, '[Unit]\nDefaultDependencies=no\n']),
  ),
};

/** A machine that runs. */
export interface SystemdMachine {
  /** Runs a program in it, as root, to its end. */
  readonly attempt: (program: string, args: readonly string[], options?: RunOptions) => Promise<Finished>;
  /** The same, to success; gives its output. */
  readonly run: (program: string, args: readonly string[], options?: RunOptions) => Promise<string>;
  /** One property of a unit. systemctl(1), `show` */
  readonly property: (unit: string, name: string) => Promise<string>;
  /** Writes a file in it, 0600. */
  readonly write: (file: string, text: string | Uint8Array) => Promise<void>;
  /** The command that runs a program of this machine in the network of that one. */
  readonly network: readonly string[];
}

const childrenOf = (pid: number): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);

/** Process 1 of the machine by its number here: a child of unshare, which is a child of the script. */
const firstProcess = (script: number): number | undefined =>
  childrenOf(script)
    .flatMap(childrenOf)
    .find((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'systemd');

const waitFor = async <T>(what: string, child: ChildProcess, look: () => Promise<T | undefined> | T | undefined) => {
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(50)) {
    if (child.exitCode !== null) throw new Error(`the machine ended with ${child.exitCode}`);
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`the machine has no ${what}`);
};

/** Boots one with an installed copy of Chatelaine as its /opt/chatelaine. It ends when `scratch` ends. */
export const bootSystemdMachine = async (scratch: Scratch, copy: string): Promise<SystemdMachine> => {
  const unitDirectory = scratch.directory();
  for (const [name, text] of Object.entries(units)) writeFileSync(path.join(unitDirectory, name), text);
  for (const name of ['dbus.service', 'dbus.socket']) {
    copyFileSync(path.join(debianUnits, name), path.join(unitDirectory, name));
  }
  const layer = path.join(scratch.directory(), 'layer');
  mkdirSync(layer);
  const child = spawn(boot, [layer, copy, unitDirectory], { stdio: ['ignore', 'inherit', 'inherit'] });
  scratch.atEnd(async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode !== null || !child.kill('SIGTERM')) return;
    await ended;
  });
  const pid = await waitFor('process 1', child, () => firstProcess(child.pid ?? 0));
  const enter = ['--target', String(pid), '--mount', '--pid', '--net', '--ipc', '--uts', '--cgroup', '--wdns=/'];
  const attempt: SystemdMachine['attempt'] = (program, args, options) =>
    runProgram('nsenter', [...enter, program, ...args], options);
  const run: SystemdMachine['run'] = (program, args, options) =>
    runToSuccess('nsenter', [...enter, program, ...args], options);
  await waitFor('systemd that answers', child, async () =>
    (await attempt('systemctl', ['is-active', '--quiet', 'machine.target'])).code === 0 ? true : undefined,
  );
  const property: SystemdMachine['property'] = async (unit, name) =>
    (await run('systemctl', ['show', '--value', '--property', name, unit])).trim();
  const write: SystemdMachine['write'] = async (file, input) => {
    await run('sh', ['-c', 'umask 077; cat > "$1"', 'sh', file], { input });
  };
  return { attempt, run, property, write, network: ['nsenter', '--target', String(pid), '--net'] };
};
