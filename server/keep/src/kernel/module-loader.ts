// Modules are loaded only when the configuration names them, each after what it requires or may ask. A missing requirement, an
// unknown name, a circle or an operation answered twice stops the start and is named.

import type { Operation } from '@chatelaine/contract';
import type {
  BoundOperation,
  Credentials,
  ModuleDefinition,
  ModuleServices,
  RunningModule,
  Service,
} from './module.ts';

/** The configuration asks for modules that cannot be loaded. The text says which and what to do. */
export class ModuleLoadError extends Error {
  override readonly name = 'ModuleLoadError';
}

/** An operation with the module that answers it. */
export type Answered = BoundOperation & { readonly module: string };

export interface LoadedModules {
  readonly names: readonly string[];
  readonly operations: ReadonlyMap<string, Answered>;
  readonly services: ReadonlyMap<string, Service>;
  readonly credentials: readonly (Credentials & { readonly module: string })[];
  readonly housekeeping: readonly (NonNullable<RunningModule['housekeeping']> & { readonly module: string })[];
}

/** Orders the named modules so that each comes after those it asks. */
export const orderModules = (
  known: readonly ModuleDefinition[],
  names: readonly string[],
): readonly ModuleDefinition[] => {
  const byName = new Map(known.map((definition) => [definition.name, definition]));
  const ordered: ModuleDefinition[] = [];
  const visit = (name: string, requiredBy: readonly string[]): void => {
    if (ordered.some((definition) => definition.name === name)) return;
    const definition = byName.get(name);
    if (definition === undefined) {
      throw new ModuleLoadError(`no module is named "${name}"; known are: ${[...byName.keys()].join(', ')}`);
    }
    if (requiredBy.includes(name)) {
      throw new ModuleLoadError(`modules require each other in a circle: ${[...requiredBy, name].join(' → ')}`);
    }
    if (!names.includes(name)) {
      throw new ModuleLoadError(`module "${requiredBy.at(-1)}" requires "${name}"; add it to keep.modules`);
    }
    const asked = (definition.mayAsk ?? []).filter((other) => names.includes(other));
    for (const other of [...definition.requires, ...asked]) visit(other, [...requiredBy, name]);
    ordered.push(definition);
  };
  for (const name of names) visit(name, []);
  return ordered;
};

/** Starts the modules in order. `servicesFor` gives each module its own view of the world. */
export const loadModules = (
  definitions: readonly ModuleDefinition[],
  servicesFor: (definition: ModuleDefinition) => ModuleServices,
): LoadedModules => {
  const operations = new Map<string, Answered>();
  const services = new Map<string, Service>();
  const credentials: (Credentials & { readonly module: string })[] = [];
  const housekeeping: LoadedModules['housekeeping'][number][] = [];
  for (const definition of definitions) {
    const running: RunningModule = definition.start(servicesFor(definition));
    for (const bound of running.operations) {
      const name = (bound.operation as Operation).name;
      if (operations.has(name)) throw new ModuleLoadError(`operation ${name} is answered by two modules`);
      operations.set(name, { ...bound, module: definition.name });
    }
    if (running.credentials !== undefined) credentials.push({ ...running.credentials, module: definition.name });
    if (running.housekeeping !== undefined) housekeeping.push({ ...running.housekeeping, module: definition.name });
    for (const [name, service] of Object.entries(running.services ?? {})) {
      services.set(`${definition.name}/${name}`, service);
    }
  }
  return { names: definitions.map((definition) => definition.name), operations, services, credentials, housekeeping };
};
