// The file `session`: the runtime secret, and the facts of the session. Written once; without it the session is over.

import type { Moment } from './clock.ts';
import { MARK_BYTES, type SessionKeys } from './session-keys.ts';
import type { Leader, Surroundings } from './surroundings.ts';

/** What is known of a session without its token. Nothing is granted by it. */
export interface SessionFacts {
  readonly bootId: string;
  readonly machineId: string;
  readonly pidNamespace: string;
  readonly anchor: Leader;
  readonly created: Moment;
  readonly idleMs: number;
  readonly lifetimeMs: number;
}

/** A record as it was read. The caller wipes `runtimeSecret`, which is a part of `bytes`. */
export interface SessionRecord {
  readonly runtimeSecret: Buffer;
  readonly facts: SessionFacts;
  readonly bytes: Buffer;
}

export const RECORD_FILE = 'session';
export const MAX_RECORD_BYTES = 4_096;
export const RUNTIME_SECRET_BYTES = 32;
const MAGIC = Buffer.from('chtlses2');
const SECRET_AT = MAGIC.length;
const MARK_AT = SECRET_AT + RUNTIME_SECRET_BYTES;
const FACTS_AT = MARK_AT + MARK_BYTES;

/** The facts of a session that begins here. */
export const factsOf = (
  surroundings: Surroundings,
  anchor: Leader,
  rest: Pick<SessionFacts, 'created' | 'idleMs' | 'lifetimeMs'>,
): SessionFacts => {
  const { bootId, machineId, pidNamespace } = surroundings;
  return { bootId, machineId, pidNamespace, anchor, ...rest };
};

const formatFacts = ({ anchor, created, ...facts }: SessionFacts): Buffer =>
  Buffer.from(
    JSON.stringify({
      bootId: facts.bootId,
      machineId: facts.machineId,
      pidNamespace: facts.pidNamespace,
      pid: anchor.pid,
      startTicks: String(anchor.startTicks),
      uid: anchor.uid,
      createdBootMs: created.bootMs,
      createdUnixMs: created.unixMs,
      idleMs: facts.idleMs,
      lifetimeMs: facts.lifetimeMs,
    }),
  );

const parseFacts = (bytes: Buffer): SessionFacts | undefined => {
  let given: Record<string, unknown>;
  try {
    given = Object(JSON.parse(bytes.toString('utf8')));
  } catch {
    return undefined;
  }
  const text = (name: string, form: RegExp): string | undefined => {
    const value = given[name];
    return typeof value === 'string' && form.test(value) ? value : undefined;
  };
  const count = (name: string): number | undefined => {
    const value = given[name];
    return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
  };
  const bootId = text('bootId', /^[0-9a-f-]{1,64}$/);
  const machineId = text('machineId', /^[0-9a-f]{32}$/);
  const pidNamespace = text('pidNamespace', /^\d{1,20}$/);
  const startTicks = text('startTicks', /^\d{1,20}$/);
  const [pid, uid, bootMs, unixMs] = ['pid', 'uid', 'createdBootMs', 'createdUnixMs'].map(count);
  const [idleMs, lifetimeMs] = ['idleMs', 'lifetimeMs'].map(count);
  if (bootId === undefined || machineId === undefined || pidNamespace === undefined) return undefined;
  if (startTicks === undefined || pid === undefined || uid === undefined) return undefined;
  if (bootMs === undefined || unixMs === undefined || idleMs === undefined || lifetimeMs === undefined)
    return undefined;
  const anchor = { pid, startTicks: BigInt(startTicks), uid };
  return { bootId, machineId, pidNamespace, anchor, created: { bootMs, unixMs }, idleMs, lifetimeMs };
};

/** The bytes of the file. The caller wipes them. */
export const formatRecord = (facts: SessionFacts, runtimeSecret: Uint8Array, keys: SessionKeys): Buffer => {
  const text = formatFacts(facts);
  const mark = keys.mark(RECORD_FILE, [MAGIC, runtimeSecret, text]);
  const bytes = Buffer.allocUnsafeSlow(FACTS_AT + text.length);
  MAGIC.copy(bytes);
  bytes.set(runtimeSecret, SECRET_AT);
  mark.copy(bytes, MARK_AT);
  text.copy(bytes, FACTS_AT);
  return bytes;
};

/** Reads the file; undefined if it is not in form. Its mark is not looked at yet. */
export const parseRecord = (bytes: Buffer): SessionRecord | undefined => {
  const facts = MAGIC.equals(bytes.subarray(0, SECRET_AT)) ? parseFacts(bytes.subarray(FACTS_AT)) : undefined;
  return facts === undefined ? undefined : { runtimeSecret: bytes.subarray(SECRET_AT, MARK_AT), facts, bytes };
};

/** Whether the session itself wrote every byte of it. */
export const isGenuine = ({ bytes, runtimeSecret }: SessionRecord, keys: SessionKeys): boolean =>
  keys.isMark(bytes.subarray(MARK_AT, FACTS_AT), RECORD_FILE, [MAGIC, runtimeSecret, bytes.subarray(FACTS_AT)]);
