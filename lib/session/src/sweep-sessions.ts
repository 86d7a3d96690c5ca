// Sessions that nobody can use any more, removed; and all of a user's at once. Neither needs a token.

import { wipe } from '@chatelaine/secret';
import { type Clock, msSince, systemClock } from './clock.ts';
import { eraseSession } from './erase-session.ts';
import { type SafeDirectory, UnsafeDirectoryError } from './safe-directory.ts';
import type { SessionOptions } from './session-options.ts';
import { openPlaces } from './session-place.ts';
import { MAX_RECORD_BYTES, parseRecord, RECORD_FILE, type SessionFacts } from './session-record.ts';
import { readSurroundings, type Surroundings } from './surroundings.ts';

const BEGINNING_MS = 60_000;
const SESSION_ID = /^[a-z2-7]{24}$/;

const hasEnded = (facts: SessionFacts, here: Surroundings, clock: Clock): boolean => {
  // A home directory may be shared: of another machine only the wall clock can be compared.
  if (facts.machineId !== here.machineId) return clock.unixMs() - facts.created.unixMs > facts.lifetimeMs;
  if (facts.bootId !== here.bootId || msSince(facts.created, clock) > facts.lifetimeMs) return true;
  // The shells of another container cannot be seen from here.
  return facts.pidNamespace === here.pidNamespace && !here.isAlive(facts.anchor);
};

/** Whether nobody can use it any more. One that is damaged, or somebody else's, is left for a person to look at. */
const isOver = (place: SafeDirectory, id: string, here: Surroundings, clock: Clock): boolean => {
  try {
    using directory = place.child(id, place.owner, false);
    if (directory === undefined) return false;
    const bytes = directory.read(RECORD_FILE, MAX_RECORD_BYTES);
    // Without its record it is the rest of one that ended, or about to begin.
    if (bytes === undefined) return clock.unixMs() - directory.changedAtUnixMs > BEGINNING_MS;
    const facts = parseRecord(bytes)?.facts;
    wipe(bytes);
    return facts !== undefined && hasEnded(facts, here, clock);
  } catch (error) {
    if (error instanceof UnsafeDirectoryError) return false;
    throw error;
  }
};

/** Removes sessions that have ended, looking at no more than `limit`. How many were removed. */
export const sweepPlace = (place: SafeDirectory, here: Surroundings, clock: Clock, limit: number): number => {
  let removed = 0;
  for (const id of place.names().slice(0, limit)) {
    if (SESSION_ID.test(id) && isOver(place, id, here, clock) && eraseSession(place, id)) removed++;
  }
  return removed;
};

const inOwnPlaces = (uid: number, options: SessionOptions, act: (place: SafeDirectory) => number): number => {
  let count = 0;
  for (const { directory } of openPlaces([uid], options)) {
    using place = directory;
    count += act(place);
  }
  return count;
};

/**
 * Removes every session of this user whose shell, boot or time is over. Reads no token, and leaves what runs alone.
 *
 * @returns how many were removed
 */
export const sweepSessions = (options: SessionOptions = {}): number => {
  const here = options.surroundings ?? readSurroundings();
  const clock = options.clock ?? systemClock;
  return inOwnPlaces(here.uid, options, (place) => sweepPlace(place, here, clock, Number.POSITIVE_INFINITY));
};

/**
 * Ends every session of this user on this machine: no token opens anything any more.
 *
 * @returns how many were ended
 */
export const endAllSessions = (options: SessionOptions = {}): number => {
  const { uid } = options.surroundings ?? readSurroundings();
  return inOwnPlaces(uid, options, (place) => {
    const ids = place.names().filter((id) => SESSION_ID.test(id));
    return ids.filter((id) => eraseSession(place, id)).length;
  });
};
