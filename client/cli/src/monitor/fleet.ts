// All machines as the monitor knows them: first listed, then kept up to date by what the keep tells. Listing takes a while,
// and what was told meanwhile is newer than a page that was read before, so that it wins.

import type { machines } from '@chatelaine/contract';

/** How many there are of each kind that is counted. */
export interface FleetCounts {
  readonly all: number;
  readonly enabled: number;
  readonly disabled: number;
  readonly expired: number;
}

export class Fleet {
  #machines = new Map<string, machines.MachineView>();
  /** The listing that goes on: the machines themselves if it is the first one, so that it is seen as it grows. */
  #listing: Map<string, machines.MachineView> | undefined;
  /** What was told since the listing began: the names that a page must not touch. */
  readonly #told = new Set<string>();
  #counts = { enabled: 0, disabled: 0, expired: 0 };
  #revision = 0;

  /** Grows with every change, so that what follows from all machines need not be worked out again without need. */
  get revision(): number {
    return this.#revision;
  }

  get counts(): FleetCounts {
    return { all: this.#machines.size, ...this.#counts };
  }

  get(name: string): machines.MachineView | undefined {
    return this.#machines.get(name);
  }

  all(): Iterable<machines.MachineView> {
    return this.#machines.values();
  }

  beginListing(): void {
    this.#listing = this.#machines.size === 0 ? this.#machines : new Map();
    this.#told.clear();
  }

  addPage(page: readonly machines.MachineView[]): void {
    for (const machine of page) {
      if (this.#told.has(machine.name)) continue;
      if (this.#listing === this.#machines) this.#set(machine);
      else this.#listing?.set(machine.name, machine);
    }
  }

  endListing(): void {
    const listing = this.#listing;
    this.#listing = undefined;
    if (listing === undefined || listing === this.#machines) return;
    this.#machines = listing;
    this.#counts = { enabled: 0, disabled: 0, expired: 0 };
    for (const { state } of listing.values()) this.#counts[state]++;
    this.#revision++;
  }

  put(machine: machines.MachineView): void {
    this.#told.add(machine.name);
    this.#set(machine);
    this.#listing?.set(machine.name, machine);
  }

  remove(name: string): void {
    this.#told.add(name);
    const before = this.#machines.get(name);
    this.#listing?.delete(name);
    if (before === undefined) return;
    this.#machines.delete(name);
    this.#counts[before.state]--;
    this.#revision++;
  }

  #set(machine: machines.MachineView): void {
    const before = this.#machines.get(machine.name);
    if (before !== undefined) this.#counts[before.state]--;
    this.#machines.set(machine.name, machine);
    this.#counts[machine.state]++;
    this.#revision++;
  }
}
