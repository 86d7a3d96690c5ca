// A disk at the moment the power is cut. What was synced is there. Of everything else each single write is there, is not, or is
// there in part, whatever came before or after it; a name that was given or taken is there or not, and with it all that were
// changed later by names it depends on. Reordered writes are writes of which later ones are there and earlier ones are not, or
// that lie over each other the other way round.

import type { DiskEvent, DiskRecording, FileId, Files, NameChange } from './record-disk.ts';

const SECTOR_BYTES = 512;

/** What became of one unsynced change. `hole`: the file has grown by it, but holds zeros there. `torn`: some sectors of it. */
export type Fate = 'kept' | 'dropped' | 'hole' | 'torn';

/** Decides what is lost. */
export interface Chance {
  /** What becomes of the unsynced change `index` of `count`, the oldest first. */
  readonly fateOf: (index: number, count: number) => Fate;
  /** A whole number from 0 to `end` - 1. */
  readonly below: (end: number) => number;
  readonly isShuffled: boolean;
}

type DataEvent = Extract<DiskEvent, { kind: 'write' | 'truncate' }>;

interface Pending {
  readonly at: number;
  readonly event: DataEvent | { readonly kind: 'names'; readonly changes: NameChange };
}

const applyTo = (content: Buffer, event: DataEvent): Buffer => {
  if (event.kind === 'truncate') {
    if (event.sizeBytes <= content.length) return content.subarray(0, event.sizeBytes);
    return Buffer.concat([content, Buffer.alloc(event.sizeBytes - content.length)]);
  }
  const end = event.offset + event.bytes.length;
  const grown = end > content.length ? Buffer.concat([content, Buffer.alloc(end - content.length)]) : content;
  event.bytes.copy(grown, event.offset);
  return grown;
};

/** The parts of a write that begin and end with sectors of the file. */
const sectorsOf = ({ offset, bytes }: Extract<DiskEvent, { kind: 'write' }>): { offset: number; bytes: Buffer }[] => {
  const parts: { offset: number; bytes: Buffer }[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = Math.min(SECTOR_BYTES - ((offset + at) % SECTOR_BYTES), bytes.length - at);
    parts.push({ offset: offset + at, bytes: bytes.subarray(at, at + size) });
    at += size;
  }
  return parts;
};

const shuffle = <T>(items: T[], below: Chance['below']): void => {
  for (let index = items.length - 1; index > 0; index--) {
    const other = below(index + 1);
    [items[index], items[other]] = [items[other] as T, items[index] as T];
  }
};

/** Follows a recording, event by event. */
export class SimulatedDisk {
  readonly #content = new Map<FileId, Buffer>();
  readonly #names = new Map<string, FileId>();
  #pending: Pending[] = [];
  #at = 0;

  constructor({ start }: Pick<DiskRecording, 'start'>) {
    for (const [name, bytes] of start) {
      this.#names.set(name, this.#content.size);
      this.#content.set(this.#content.size, Buffer.from(bytes));
    }
  }

  /** Changes that a cut may lose now. */
  get unsynced(): number {
    return this.#pending.length;
  }

  follow(event: DiskEvent): void {
    const at = this.#at++;
    if (event.kind === 'sync')
      this.#settle(
        (pending) => pending.event.kind !== 'names' && pending.at < event.before && pending.event.file === event.file,
      );
    else if (event.kind === 'sync-names')
      this.#settle((pending) => pending.event.kind === 'names' && pending.at < event.before);
    else if (event.kind !== 'tell') this.#pending.push({ at, event });
  }

  /** What is found after the power is back; good until the next event. */
  cut(chance: Chance): Files {
    const names = new Map(this.#names);
    const lost = new Set<string>();
    const kept: DataEvent[] = [];
    this.#pending.forEach(({ event }, index) => {
      const fate = chance.fateOf(index, this.#pending.length);
      if (event.kind === 'names') this.#rename(names, lost, event.changes, fate);
      else kept.push(...this.#partsOf(event, fate, chance));
    });
    if (chance.isShuffled) shuffle(kept, chance.below);
    const changed = new Map<FileId, Buffer>();
    for (const event of kept) {
      const before = changed.get(event.file) ?? Buffer.from(this.#content.get(event.file) ?? Buffer.alloc(0));
      changed.set(event.file, applyTo(before, event));
    }
    return new Map(
      [...names].map(([name, file]) => [name, changed.get(file) ?? this.#content.get(file) ?? Buffer.alloc(0)]),
    );
  }

  #rename(names: Map<string, FileId>, lost: Set<string>, changes: NameChange, fate: Fate): void {
    if (fate === 'dropped' || changes.some(([name]) => lost.has(name))) {
      for (const [name] of changes) lost.add(name);
      return;
    }
    for (const [name, file] of changes) {
      if (file === undefined) names.delete(name);
      else names.set(name, file);
    }
  }

  #partsOf(event: DataEvent, fate: Fate, { below }: Chance): DataEvent[] {
    if (fate === 'dropped') return [];
    if (fate === 'kept' || event.kind === 'truncate') return [event];
    const { file, offset, bytes } = event;
    if (fate === 'hole') {
      const sizeBytes = this.#content.get(file)?.length ?? 0;
      const end = offset + bytes.length;
      return end > sizeBytes
        ? [
            {
              kind: 'write',
              file,
              offset: Math.max(offset, sizeBytes),
              bytes: Buffer.alloc(end - Math.max(offset, sizeBytes)),
            },
          ]
        : [];
    }
    return sectorsOf(event)
      .filter(() => below(2) === 0)
      .map((part) => ({ kind: 'write', file, ...part }));
  }

  #settle(isCovered: (pending: Pending) => boolean): void {
    const left: Pending[] = [];
    for (const pending of this.#pending) {
      const { event } = pending;
      if (!isCovered(pending)) left.push(pending);
      else if (event.kind === 'names') this.#rename(this.#names, new Set(), event.changes, 'kept');
      else this.#content.set(event.file, applyTo(this.#content.get(event.file) ?? Buffer.alloc(0), event));
    }
    this.#pending = left;
  }
}
