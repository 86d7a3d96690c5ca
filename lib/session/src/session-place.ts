// Where sessions are kept: in memory if there is any way, in a directory that is its owner's alone. file-hierarchy(7), the XDG
// base directory specification, shm_overview(7).

import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { type Refused, refuse } from './refusal.ts';
import { type Openness, SafeDirectory, UnsafeDirectoryError } from './safe-directory.ts';

/** The environment variables that are looked at. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What decides where sessions are kept. */
export interface PlaceOptions {
  /** This process's environment unless given: `XDG_RUNTIME_DIR`, `XDG_STATE_HOME`, `HOME`. */
  readonly environment?: Environment;
  /** Where the system has its directories in memory; a test passes its own. */
  readonly system?: { readonly users: string; readonly shared: string };
}

const SYSTEM = { users: '/run/user', shared: '/dev/shm' } as const;

/** An open directory of sessions. Whoever gets it disposes of `directory`. */
export interface SessionPlace {
  readonly directory: SafeDirectory;
  readonly isInMemory: boolean;
}

/** A directory of the system, and the ways down from it to the sessions. */
interface Candidate {
  readonly base: string;
  readonly baseOwner: number;
  readonly openness: Openness;
  readonly below: readonly string[];
  readonly owner: number;
  readonly isInMemory: boolean;
}

const inMemory = (
  owner: number,
  { environment = process.env, system = SYSTEM }: PlaceOptions,
): readonly Candidate[] => {
  const runtime = environment['XDG_RUNTIME_DIR'];
  const common = { owner, isInMemory: true } as const;
  const below = ['chatelaine', 's'];
  const runtimes = [
    ...(runtime !== undefined && path.isAbsolute(runtime) ? [runtime] : []),
    path.join(system.users, String(owner)),
  ];
  return [
    ...runtimes.map((base) => ({ ...common, base, baseOwner: owner, openness: 'readable' as const, below })),
    // Everybody writes there; it is sticky, so that nobody can take away what another made.
    { ...common, base: system.shared, baseOwner: 0, openness: 'sticky', below: [`chatelaine-${owner}`, 's'] },
  ];
};

const onDisk = (owner: number, { environment = process.env }: PlaceOptions): readonly Candidate[] => {
  const { XDG_STATE_HOME: state, HOME: home } = environment;
  const base =
    state !== undefined && path.isAbsolute(state)
      ? state
      : home !== undefined && path.isAbsolute(home)
        ? path.join(home, '.local/state')
        : undefined;
  if (base === undefined) return [];
  const below = ['chatelaine', 's'];
  return [{ base, baseOwner: owner, openness: 'readable', below, owner, isInMemory: false }];
};

/** Goes down to the sessions; undefined if something on the way is not there, or not in memory as it should be. */
const openCandidate = (candidate: Candidate, isMade: boolean): SafeDirectory | undefined => {
  const { base, baseOwner, openness, owner } = candidate;
  let directory = SafeDirectory.open(base, baseOwner, openness);
  if (directory !== undefined && candidate.isInMemory && !directory.isInMemory) {
    directory[Symbol.dispose]();
    return undefined;
  }
  for (const name of candidate.below) {
    using parent = directory;
    directory = parent?.child(name, owner, isMade);
  }
  return directory;
};

const found = (candidate: Candidate): SafeDirectory | undefined => {
  try {
    return openCandidate(candidate, false);
  } catch (error) {
    if (error instanceof UnsafeDirectoryError) return undefined;
    throw error;
  }
};

/** Every place of these owners that is there and safe, the likeliest first. */
export const openPlaces = (owners: readonly number[], options: PlaceOptions): readonly SessionPlace[] => {
  const candidates = owners.flatMap((owner) => [...inMemory(owner, options), ...onDisk(owner, options)]);
  return candidates.flatMap((candidate) => {
    const directory = found(candidate);
    return directory === undefined ? [] : [{ directory, isInMemory: candidate.isInMemory }];
  });
};

/** Whether a directory of the system is there, is the owner's, and is in memory: then sessions belong there. */
const isUsable = ({ base, baseOwner, openness, isInMemory }: Candidate): boolean => {
  try {
    using directory = SafeDirectory.open(base, baseOwner, openness);
    return directory !== undefined && (!isInMemory || directory.isInMemory);
  } catch (error) {
    if (error instanceof UnsafeDirectoryError) return false;
    throw error;
  }
};

/**
 * The place for new sessions of `owner`, made if it is not there yet.
 *
 * @throws what {@link refusePlace} turns into a refusal
 */
export const makePlace = (owner: number, options: PlaceOptions): SessionPlace | Refused => {
  const memory = inMemory(owner, options).find(isUsable);
  const candidate = memory ?? onDisk(owner, options)[0];
  if (candidate === undefined) return refuse('no-place');
  if (memory === undefined) mkdirSync(candidate.base, { recursive: true, mode: 0o700 });
  const directory = openCandidate(candidate, true);
  return directory === undefined ? refuse('no-place') : { directory, isInMemory: candidate.isInMemory };
};

/** What the file system said when a session was to be made, as a refusal. Throws again what is none. */
export const refusePlace = (error: unknown): Refused => {
  if (error instanceof UnsafeDirectoryError) return refuse('unsafe-place');
  const { code = '' } = error as NodeJS.ErrnoException;
  if (['ENOSPC', 'EDQUOT'].includes(code)) return refuse('no-room');
  if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR'].includes(code)) return refuse('no-place');
  throw error;
};
