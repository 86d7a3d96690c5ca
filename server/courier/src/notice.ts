// A notice: that something happened to a machine or a password. It says what and when, and never carries a secret. What repeats
// itself about a machine is told once a minute.

import type { machines, passwords } from '@chatelaine/contract';
import type { NoticeKind } from '@chatelaine/process';

export interface Notice {
  readonly kind: NoticeKind;
  readonly machine?: string;
  /** The name of a password. */
  readonly password?: string;
  /** The format that was set or deleted; absent: the whole password. */
  readonly format?: string;
  /** Who set or deleted it. */
  readonly by?: string;
  /** RFC 3339, UTC. */
  readonly at: string;
  /** One sentence for people. */
  readonly text: string;
  /** Where the gate says the request came from. */
  readonly address?: string;
  /** Of a request that waits: `chatelaine approve REQUEST`. */
  readonly request?: string;
  /** Of a refusal. */
  readonly code?: string;
}

const SAME_AGAIN_MS = 60_000;

const textOf = (event: machines.MachineEvent): string | undefined => {
  switch (event.kind) {
    case 'waiting':
      return `${event.name} asks for its secret from ${event.address} and waits for a person: chatelaine approve ${event.requestId}`;
    case 'silent':
      return `${event.name} no longer answers its checks.`;
    case 'expired':
      return `${event.name} was silent for too long: it gets nothing until a person enables it.`;
    case 'refused':
      return `${event.name} asked for its secret from ${event.address} and was refused: ${event.code}.`;
    case 'released':
      return `${event.name} got its secret, asked for from ${event.address}.`;
    default:
      return undefined;
  }
};

/** The notice of an event, if it is one that people want to hear of. */
export const noticeOf = (event: machines.MachineEvent, nowUnixMs: number): Notice | undefined => {
  const text = textOf(event);
  if (text === undefined || !('name' in event)) return undefined;
  return {
    kind: event.kind as NoticeKind,
    machine: event.name,
    at: new Date(nowUnixMs).toISOString(),
    text,
    ...('address' in event && { address: event.address }),
    ...('requestId' in event && { request: event.requestId }),
    ...('code' in event && { code: event.code }),
  };
};

/** The notice of a change of a password. */
export const noticeOfPassword = (event: passwords.PasswordEvent, nowUnixMs: number): Notice | undefined => {
  if (event.kind !== 'set' && event.kind !== 'deleted') return undefined;
  const { kind, key, format, by } = event;
  const what = format === undefined ? `The password ${key}` : `The password ${key}, format ${format},`;
  return {
    kind: `password-${kind}`,
    password: key,
    ...(format !== undefined && { format }),
    by,
    at: new Date(nowUnixMs).toISOString(),
    text: `${what} was ${kind} by ${by}.`,
  };
};

/** What a notice is about, for the log. */
export const subjectOf = ({ machine, password }: Notice): string => machine ?? password ?? '';

/** Holds back what was said about the same machine less than a minute ago: a thief who knocks does not flood anybody. */
export class Repetitions {
  readonly #saidAt = new Map<string, number>();

  /** Whether this one is new. */
  isNew({ kind, machine, code, request }: Notice, nowUnixMs: number): boolean {
    for (const [key, at] of this.#saidAt) {
      if (nowUnixMs - at < SAME_AGAIN_MS) break;
      this.#saidAt.delete(key);
    }
    const key = `${kind} ${machine} ${code ?? ''} ${request ?? ''}`;
    if (this.#saidAt.has(key)) return false;
    this.#saidAt.set(key, nowUnixMs);
    return true;
  }
}
