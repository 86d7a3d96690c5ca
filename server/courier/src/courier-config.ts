// The settings the courier reads: its own table, and where the keep's socket is.

import { type Config, courierTable, keepTable } from '@chatelaine/process';
import * as z from 'zod';

export const courierConfig = z.object({ courier: courierTable, keep: keepTable.pick({ socket: true }).loose() });

export type CourierConfig = Config<typeof courierConfig>;
