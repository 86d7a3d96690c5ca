// The settings the keep reads.

import type { baseConfig, keepTable } from '@chatelaine/process';
import type { z } from 'zod';

export type KeepConfig = z.output<typeof baseConfig> & { readonly keep: z.output<typeof keepTable> };
