// Debian's Mandos server and ours with the same clients.conf, each on a bus of its own, to be compared by what Mandos's own tools
// show of them.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type DebianMandos, startDebianMandos } from './debian-mandos.ts';
import { type DevInstance, startDevInstance } from './dev-instance.ts';
import { type Finished, type RunOptions, runProgram } from './run-program.ts';
import type { Scratch } from './scratch.ts';
import { startSystemBus } from './system-bus.ts';

/** Both of something. */
export interface Both<T> {
  readonly theirs: T;
  readonly ours: T;
}

export interface MandosServers {
  readonly debian: DebianMandos;
  readonly instance: DevInstance;
  /** The addresses of their buses. */
  readonly buses: Both<string>;
  /** Runs mandos-ctl with the same arguments on both. */
  readonly ctl: (args: readonly string[], options?: RunOptions) => Promise<Both<Finished>>;
}

/** A stanza of clients.conf; its keys are made up from the name, its secret is one that nobody can open. */
export const stanza = (name: string, settings: Readonly<Record<string, string>> = {}): string => {
  const digits = Buffer.from(name.padEnd(32, name)).toString('hex').slice(0, 64);
  const all = {
    key_id: digits,
    fingerprint: digits.slice(0, 40),
    secret: 'hQIOA6QdEjBs2L/HEAf8',
    host: `${name}.example.org`,
    ...settings,
  };
  return `[${name}]\n${Object.entries(all)
    .map(([key, value]) => `${key} = ${value}\n`)
    .join('')}`;
};

/** Runs mandos-ctl on a bus. */
export const mandosCtl = (bus: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> =>
  runProgram('/usr/sbin/mandos-ctl', args, { ...options, env: { ...options.env, DBUS_SYSTEM_BUS_ADDRESS: bus } });

/** Starts both. Root only. */
export const startMandosServers = async (scratch: Scratch, clientsConf: string): Promise<MandosServers> => {
  const file = path.join(scratch.directory(), 'clients.conf');
  writeFileSync(file, clientsConf, { mode: 0o600 });
  const debian = await startDebianMandos(scratch, clientsConf);
  const bus = await startSystemBus(scratch);
  const instance = await startDevInstance(scratch, { bus });
  await instance.run(['machine', 'import', file]);
  const buses = { theirs: debian.bus, ours: bus };
  return {
    debian,
    instance,
    buses,
    ctl: async (args, options) => {
      const [theirs, ours] = await Promise.all(
        [buses.theirs, buses.ours].map((address) => mandosCtl(address, args, options)),
      );
      if (theirs === undefined || ours === undefined) throw new Error('mandos-ctl was not run on both');
      return { theirs, ours };
    },
  };
};
