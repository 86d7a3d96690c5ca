// The settings the gate reads: its own table with one for each front that it knows, and where the keep's socket is.

import { type Config, gateTable, keepTable } from '@chatelaine/process';
import * as z from 'zod';
import { isPartFront, type KnownFront } from './fronts/front.ts';

/** The schema for these fronts. */
export const gateConfigFor = (fronts: readonly KnownFront[]) => {
  const names = fronts.map(({ name }) => name);
  const problemOf = (name: string, named: readonly string[]): string | undefined => {
    const front = fronts.find((known) => known.name === name);
    if (front === undefined) return `is no front; known: ${names.join(', ')}`;
    if (!isPartFront(front) || named.includes(front.partOf)) return undefined;
    return `is a part of "${front.partOf}", which has to be named too`;
  };
  // The fronts' own tables are not in the type: each front gets its own, checked by its own schema.
  const tables: Record<never, z.ZodType> = Object.fromEntries(
    fronts.flatMap((front) => (isPartFront(front) ? [] : [[front.name, front.configSchema.prefault({})]])),
  );
  const gate = gateTable.extend(tables).superRefine((table, context) => {
    for (const [index, name] of table.fronts.entries()) {
      const message = problemOf(name, table.fronts);
      if (message !== undefined) context.addIssue({ code: 'custom', path: ['fronts', index], message });
    }
  });
  return z.object({ gate, keep: keepTable.pick({ socket: true }).loose() });
};

export type GateConfig = Config<ReturnType<typeof gateConfigFor>>;
