// The settings the bridge reads: its own table, and where the keep's socket is.

import { busTable, type Config, keepTable } from '@chatelaine/process';
import * as z from 'zod';
import { parseBusAddress } from './wire/bus-address.ts';

const table = busTable.extend({
  address: busTable.shape.address.refine(
    (address) => parseBusAddress(address) !== undefined,
    'must be an address of a bus on this machine, as unix:path=/run/dbus/system_bus_socket',
  ),
});

export const busConfig = z.object({ bus: table, keep: keepTable.pick({ socket: true }).loose() });

export type BusConfig = Config<typeof busConfig>;
