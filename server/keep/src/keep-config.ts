// The settings the keep reads.

import { type Config, keepTable } from '@chatelaine/process';
import * as z from 'zod';

export const keepConfig = z.object({ keep: keepTable });

export type KeepConfig = Config<typeof keepConfig>;
