// Resident memory of keep and gate: after many fetches, and while thousands of connections say nothing.

import { once } from 'node:events';
import net from 'node:net';
import type { DevInstance } from '../../test/support/dev-instance.ts';
import type { Scratch } from '../../test/support/scratch.ts';
import { makeFleet } from './fleet.ts';
import type { Programs } from './load.ts';
import { startChatelaine } from './start-chatelaine.ts';
import { type CpuPerFetch, cpuPerFetch } from './three-servers.ts';

/** Megabytes (10^6) resident. */
interface Resident {
  readonly keepMb: number;
  readonly gateMb: number;
}

export interface MemoryUse {
  readonly machines: number;
  readonly fetches: number;
  readonly fresh: Resident;
  readonly afterFetches: Resident;
  readonly idleConnections: number;
  readonly whileIdleConnections: Resident;
  readonly cpuPerFetch: CpuPerFetch;
}

export interface MemoryAmount {
  readonly machines: number;
  readonly fetches: number;
  readonly idleConnections: number;
}

const FETCHES_BESIDE_IDLE = 200;

const resident = (instance: DevInstance): Resident => ({
  keepMb: instance.footprint('keep').residentBytes / 1e6,
  gateMb: instance.footprint('gate').residentBytes / 1e6,
});

const holdIdle = async (scratch: Scratch, port: number, count: number): Promise<void> => {
  const sockets = Array.from({ length: count }, () => net.connect(port, '127.0.0.1').on('error', () => undefined));
  scratch.atEnd(() => {
    for (const socket of sockets) socket.destroy();
  });
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
};

/** Measures an instance of its own. */
export const measureMemory = async (
  scratch: Scratch,
  programs: Programs,
  { machines, fetches, idleConnections }: MemoryAmount,
): Promise<MemoryUse> => {
  const fleet = makeFleet(machines, machines);
  const load = programs.loadOf(fleet);
  const instance = await startChatelaine(scratch, fleet);
  const fresh = resident(instance);
  const cpu = await cpuPerFetch(instance, fetches, () => load(instance.mandosPort, { fetches, atOnce: 16 }));
  const afterFetches = resident(instance);
  await holdIdle(scratch, instance.mandosPort, idleConnections);
  await load(instance.mandosPort, { fetches: FETCHES_BESIDE_IDLE, atOnce: 16 });
  const whileIdleConnections = resident(instance);
  return { machines, fetches, fresh, afterFetches, idleConnections, whileIdleConnections, cpuPerFetch: cpu };
};
