// The machines as the keep told them last, each with its place on the bus. A path stays with its machine as long as the machine
// is there.

import type { machines } from '@chatelaine/contract';
import { objectPathOf } from './object-path.ts';

type MachineView = machines.MachineView;

/** A machine on the bus. The same object stands for it as long as it is there. */
export interface MirroredMachine {
  readonly name: string;
  readonly path: string;
  view: MachineView;
}

/** What became of a machine. */
export type MirrorChange =
  | { readonly kind: 'added'; readonly machine: MirroredMachine }
  | { readonly kind: 'changed'; readonly machine: MirroredMachine; readonly before: MachineView };

const byCreation = (one: MachineView, other: MachineView): number =>
  one.createdAtUnixMs - other.createdAtUnixMs || (one.name < other.name ? -1 : 1);

export class MachineMirror {
  readonly #byName = new Map<string, MirroredMachine>();
  readonly #byPath = new Map<string, MirroredMachine>();
  #ordered: readonly MirroredMachine[] | undefined;

  /** All of them in the order they were made, those of the same moment by name. */
  all(): readonly MirroredMachine[] {
    this.#ordered ??= [...this.#byName.values()].sort((one, other) => byCreation(one.view, other.view));
    return this.#ordered;
  }

  named(name: string): MirroredMachine | undefined {
    return this.#byName.get(name);
  }

  at(path: string): MirroredMachine | undefined {
    return this.#byPath.get(path);
  }

  /** Takes what a machine is now. */
  put(view: MachineView): MirrorChange {
    const known = this.#byName.get(view.name);
    if (known !== undefined) {
      const before = known.view;
      known.view = view;
      if (byCreation(before, view) !== 0) this.#ordered = undefined;
      return { kind: 'changed', machine: known, before };
    }
    const path = objectPathOf(view.name, (taken) => this.#byPath.has(taken));
    const machine: MirroredMachine = { name: view.name, path, view };
    this.#byName.set(view.name, machine);
    this.#byPath.set(path, machine);
    this.#ordered = undefined;
    return { kind: 'added', machine };
  }

  remove(name: string): MirroredMachine | undefined {
    const machine = this.#byName.get(name);
    if (machine === undefined) return undefined;
    this.#byName.delete(name);
    this.#byPath.delete(machine.path);
    this.#ordered = undefined;
    return machine;
  }

  /** Takes a whole list; gives what is not in it any more, and what is new or other. */
  replace(views: readonly MachineView[]): {
    readonly removed: readonly MirroredMachine[];
    readonly put: readonly MirrorChange[];
  } {
    const listed = new Set(views.map(({ name }) => name));
    const gone = [...this.#byName.keys()].filter((name) => !listed.has(name));
    const removed = gone.flatMap((name) => this.remove(name) ?? []);
    return { removed, put: [...views].sort(byCreation).map((view) => this.put(view)) };
  }
}
