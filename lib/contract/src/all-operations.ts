// All operations there are, found in the features' files: there is no second list to keep. Names are unique.

import * as features from './features.ts';
import type { Operation } from './operation.ts';

const isOperation = (value: unknown): value is Operation =>
  typeof value === 'object' && value !== null && 'capability' in value && 'input' in value && 'output' in value;

const collect = (): readonly Operation[] => {
  const exported: readonly unknown[] = Object.values(features).flatMap((feature) => Object.values(feature));
  const operations = exported.filter(isOperation).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const names = new Set(operations.map((operation) => operation.name));
  if (names.size !== operations.length) throw new Error('two operations have the same name');
  return Object.freeze(operations);
};

/** Every declared operation, in the order of their names. */
export const allOperations: readonly Operation[] = collect();

const wider = new Map<string, ReadonlySet<string>>();
for (const { capability, parts } of allOperations) {
  wider.set(capability, wider.get(capability) ?? new Set());
  for (const [part, including] of Object.entries(parts?.known ?? {})) {
    wider.set(part, new Set([...including, capability]));
    for (const name of including) wider.set(name, new Set([...(wider.get(name) ?? []), capability]));
  }
}

/** Every capability that can be granted, parts of others among them. */
export const allCapabilities: readonly string[] = Object.freeze([...wider.keys()].toSorted());

/** The capabilities that include this one, besides itself. */
export const widerCapabilities = (capability: string): ReadonlySet<string> => wider.get(capability) ?? new Set();
