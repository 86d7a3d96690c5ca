// The processes of the house. Adding one takes a line in `peers`, and one in each of scripts/server, scripts/create-accounts
// and scripts/build: everything else (keys of the link, directories, starting, stopping) follows from it.

import { busTable, courierTable, gateTable, watchTable } from '@chatelaine/process';
import type * as z from 'zod';

/** The keep's peers, each with its table of the configuration, in the order in which they are started. */
export const peers = {
  watch: watchTable,
  // Its fronts have tables of their own, which it checks itself.
  gate: gateTable.loose(),
  // Started only where Mandos's own tools are wanted.
  bus: busTable,
  // Started only where notices go anywhere.
  courier: courierTable,
} as const satisfies Record<string, z.ZodObject>;

/** A peer that is a process; its identity and its role on the link are called the same. */
export type PeerName = keyof typeof peers;

export const peerNames = Object.keys(peers) as readonly PeerName[];

/** A process that the command line starts. */
export type HouseProcessName = 'keep' | PeerName;

/** The file in a peer's directory that holds its key of the link. */
export const LINK_KEY_FILE = 'link.key';
