// Opening a session with its token. Only the authenticated decryption says yes; the facts that were written down say no more
// than why not.

import { fillRandom, type SecretBytes, wipe } from '@chatelaine/secret';
import { systemClock } from './clock.ts';
import { encodeIdentity } from './identity.ts';
import { type Refused, refuse, type SessionRefusalCode } from './refusal.ts';
import { type SafeDirectory, UnsafeDirectoryError } from './safe-directory.ts';
import { SessionKeys } from './session-keys.ts';
import type { SessionOptions } from './session-options.ts';
import { openPlaces, type SessionPlace } from './session-place.ts';
import {
  isGenuine,
  MAX_RECORD_BYTES,
  parseRecord,
  RECORD_FILE,
  type SessionFacts,
  type SessionRecord,
} from './session-record.ts';
import { ShellSession } from './shell-session.ts';
import { type Leader, readSurroundings, type Surroundings } from './surroundings.ts';
import { openToken, parseToken, sessionIdOf, type Token } from './token.ts';
import { deriveTokenKey } from './token-key.ts';

/** A session that was opened. The caller disposes of it. */
export interface Opened {
  readonly kind: 'opened';
  readonly session: ShellSession;
}

const isSame = (a: Leader, b: Leader): boolean => a.pid === b.pid && a.startTicks === b.startTicks && a.uid === b.uid;

const reasonFor = (facts: SessionFacts, here: Surroundings): SessionRefusalCode => {
  const { anchor } = facts;
  if (facts.bootId !== here.bootId) return 'another-boot';
  if (facts.machineId !== here.machineId) return 'another-machine';
  if (facts.pidNamespace !== here.pidNamespace) return 'another-container';
  if (here.uid !== 0 && here.uid !== anchor.uid) return 'another-user';
  if (here.leaders.some((leader) => isSame(leader, anchor))) return 'damaged';
  return here.isAlive(anchor) ? 'another-shell' : 'shell-ended';
};

const openWithLeaders = (token: Token, runtimeSecret: Uint8Array, here: Surroundings): SecretBytes | undefined => {
  for (const leader of here.leaders) {
    using tokenKey = deriveTokenKey(token, encodeIdentity(here, leader), runtimeSecret);
    const shellKey = openToken(token, tokenKey);
    if (shellKey !== undefined) return shellKey;
  }
  return undefined;
};

/** A session's directory as it was found, all parts to be disposed of by the caller. */
interface Found {
  readonly place: SessionPlace;
  readonly directory: SafeDirectory;
  readonly bytes: Buffer;
}

const findIn = (place: SessionPlace, id: string): Found | undefined => {
  const directory = place.directory.child(id, place.directory.owner, false);
  const bytes = directory?.read(RECORD_FILE, MAX_RECORD_BYTES);
  if (directory !== undefined && bytes !== undefined) return { place, directory, bytes };
  directory?.[Symbol.dispose]();
  return undefined;
};

const find = (id: string, owners: readonly number[], options: SessionOptions): Found | undefined => {
  const places = openPlaces(owners, options);
  let found: Found | undefined;
  try {
    for (const place of places) found ??= findIn(place, id);
    return found;
  } finally {
    for (const place of places) if (place !== found?.place) place.directory[Symbol.dispose]();
  }
};

const openFound = (found: Found, token: Token, here: Surroundings, options: SessionOptions): Opened | Refused => {
  const { place, directory, bytes } = found;
  const refused = (code: SessionRefusalCode): Refused => {
    // Erased at this moment it reads as damaged.
    const isThere = directory.has(RECORD_FILE);
    directory[Symbol.dispose]();
    place.directory[Symbol.dispose]();
    return refuse(isThere ? code : 'unknown-session');
  };
  const record: SessionRecord | undefined = parseRecord(bytes);
  if (record === undefined) return refused('damaged');
  using shellKey = openWithLeaders(token, record.runtimeSecret, here);
  if (shellKey === undefined) return refused(reasonFor(record.facts, here));
  const id = sessionIdOf(token);
  const keys = new SessionKeys(id, shellKey);
  if (!isGenuine(record, keys)) {
    keys[Symbol.dispose]();
    return refused('damaged');
  }
  const { clock = systemClock, fill = fillRandom } = options;
  const session = new ShellSession({ id, facts: record.facts, place, directory, keys, clock, fill });
  const touched = session.touch();
  if (touched.kind === 'done') return { kind: 'opened', session };
  session[Symbol.dispose]();
  return touched;
};

/**
 * Opens the session that a token belongs to, if this process runs in its shell or below it.
 *
 * @param text the token, as the environment holds it
 * @returns the session, or why not: another shell, user, machine, container or boot, ended, expired, damaged
 */
export const openSession = (text: string, options: SessionOptions = {}): Opened | Refused => {
  const token = parseToken(text);
  if (token === undefined) return refuse('malformed-token');
  const here = options.surroundings ?? readSurroundings();
  // Root opens what the users whose shells it runs below have made.
  const owners = [...new Set([here.uid, ...here.leaders.map(({ uid }) => uid)])];
  try {
    const found = find(sessionIdOf(token), owners, options);
    if (found === undefined) return refuse('unknown-session');
    try {
      return openFound(found, token, here, options);
    } finally {
      wipe(found.bytes);
    }
  } catch (error) {
    if (error instanceof UnsafeDirectoryError) return refuse('unsafe-place');
    throw error;
  }
};
