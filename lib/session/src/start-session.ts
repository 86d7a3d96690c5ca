// A new session: a token for this shell, and its directory.

import { fillRandom, SecretBytes, wipe } from '@chatelaine/secret';
import { now, systemClock } from './clock.ts';
import { encodeIdentity } from './identity.ts';
import { isRefused, type Refused, refuse } from './refusal.ts';
import { UnsafeDirectoryError } from './safe-directory.ts';
import { SessionKeys } from './session-keys.ts';
import type { SessionOptions } from './session-options.ts';
import { makePlace, refusePlace, type SessionPlace } from './session-place.ts';
import { factsOf, formatRecord, RECORD_FILE, RUNTIME_SECRET_BYTES, type SessionFacts } from './session-record.ts';
import { ShellSession } from './shell-session.ts';
import { readSurroundings, type Surroundings } from './surroundings.ts';
import { sweepPlace } from './sweep-sessions.ts';
import { beginToken, finishToken, formatToken, SHELL_KEY_BYTES, sessionIdOf } from './token.ts';
import { deriveTokenKey } from './token-key.ts';

const HOUR_MS = 3_600_000;
export const DEFAULT_IDLE_MS = 48 * HOUR_MS;
export const DEFAULT_LIFETIME_MS = 7 * 24 * HOUR_MS;
/** So many left-over sessions are looked at on the way. */
const SWEPT_AT_START = 64;

/** How long a session may last, whatever its shell does. */
export interface StartOptions extends SessionOptions {
  /** Milliseconds without a use; two days unless given. */
  readonly idleMs?: number;
  /** Milliseconds in all; seven days unless given. */
  readonly lifetimeMs?: number;
}

/** A session that began. The caller disposes of it, and hands the token to the shell's environment. */
export interface Started {
  readonly kind: 'started';
  /** 108 characters. */
  readonly token: string;
  readonly session: ShellSession;
}

const build = (
  place: SessionPlace,
  surroundings: Surroundings,
  facts: SessionFacts,
  options: StartOptions,
): Started | Refused => {
  const fill = options.fill ?? fillRandom;
  using runtimeSecret = SecretBytes.allocate(RUNTIME_SECRET_BYTES);
  if (place.isInMemory) fill(runtimeSecret.bytes);
  using shellKey = SecretBytes.random(SHELL_KEY_BYTES, fill);
  const token = beginToken(place.isInMemory ? 1 : 2, fill);
  using tokenKey = deriveTokenKey(token, encodeIdentity(surroundings, facts.anchor), runtimeSecret.bytes);
  finishToken(token, tokenKey, shellKey);
  const id = sessionIdOf(token);
  const directory = place.directory.child(id, surroundings.uid, true);
  if (directory === undefined) throw new UnsafeDirectoryError();
  const keys = new SessionKeys(id, shellKey);
  const record = formatRecord(facts, runtimeSecret.bytes, keys);
  const outcome = directory.replace(RECORD_FILE, record);
  wipe(record);
  const clock = options.clock ?? systemClock;
  const session = new ShellSession({ id, facts, place, directory, keys, clock, fill });
  if (outcome === 'written') return { kind: 'started', token: formatToken(token), session };
  session.end();
  session[Symbol.dispose]();
  return refuse(outcome === 'no-room' ? 'no-room' : 'unsafe-place');
};

/**
 * Begins a session that is bound to the shell which this process runs in. Sessions whose shell has ended are removed on the way.
 *
 * @throws {RangeError} if a time is not a positive number of milliseconds
 */
export const startSession = (options: StartOptions = {}): Started | Refused => {
  const { idleMs = DEFAULT_IDLE_MS, lifetimeMs = DEFAULT_LIFETIME_MS } = options;
  for (const ms of [idleMs, lifetimeMs]) {
    if (!Number.isSafeInteger(ms) || ms <= 0) throw new RangeError('a time is a positive number of milliseconds');
  }
  const surroundings = options.surroundings ?? readSurroundings();
  if (surroundings.shell === undefined) return refuse('no-shell');
  const clock = options.clock ?? systemClock;
  const facts = factsOf(surroundings, surroundings.shell, { created: now(clock), idleMs, lifetimeMs });
  try {
    const place = makePlace(surroundings.uid, options);
    if (isRefused(place)) return place;
    try {
      sweepPlace(place.directory, surroundings, clock, SWEPT_AT_START);
      return build(place, surroundings, facts, options);
    } catch (error) {
      place.directory[Symbol.dispose]();
      throw error;
    }
  } catch (error) {
    return refusePlace(error);
  }
};
