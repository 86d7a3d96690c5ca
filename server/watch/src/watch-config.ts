// The settings that the watch and its helper read: their own table, and where the keep's socket is.

import { type Config, keepTable, watchTable } from '@chatelaine/process';
import * as z from 'zod';

export const watchConfig = z.object({ watch: watchTable, keep: keepTable.pick({ socket: true }).loose() });

export type WatchConfig = Config<typeof watchConfig>;
