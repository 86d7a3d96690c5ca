// The settings the gate reads: its own table with one for each front that it knows, and where the keep's socket is.

import { type Config, gateTable, keepTable } from '@chatelaine/process';
import * as z from 'zod';
import type { FrontDefinition } from './fronts/front.ts';

/** The schema for these fronts. */
export const gateConfigFor = (fronts: readonly FrontDefinition[]) => {
  const names = fronts.map(({ name }) => name);
  // The fronts' own tables are not in the type: each front gets its own, checked by its own schema.
  const tables: Record<never, z.ZodType> = Object.fromEntries(
    fronts.map(({ name, configSchema }) => [name, configSchema.prefault({})]),
  );
  const gate = gateTable.extend(tables).superRefine((table, context) => {
    for (const [index, name] of table.fronts.entries()) {
      if (names.includes(name)) continue;
      context.addIssue({ code: 'custom', path: ['fronts', index], message: `is no front; known: ${names.join(', ')}` });
    }
  });
  return z.object({ gate, keep: keepTable.pick({ socket: true }).loose() });
};

export type GateConfig = Config<ReturnType<typeof gateConfigFor>>;
