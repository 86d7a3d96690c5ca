// An object on the bus: a path, what it can be asked, and which objects are below it.

import type { Interface } from './interface-definition.ts';

/** One interface of one object. */
export interface Exported<Target = never> {
  readonly definition: Interface<Target>;
  readonly target: Target;
}

/** Pairs a definition with what it is about; dispatch does not look into the latter. */
export const exported = <Target>(definition: Interface<Target>, target: Target): Exported =>
  ({ definition, target }) as unknown as Exported;

export interface ExportedObject {
  readonly path: string;
  readonly interfaces: readonly Exported[];
  /** Names of the nodes directly below. */
  readonly children: () => Iterable<string>;
}

/** The object at a path, if there is one. */
export type FindObject = (path: string) => ExportedObject | undefined;
