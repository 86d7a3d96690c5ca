// Who asks. A peer of the link is proved by its pre-shared key. Somebody for whom a gate asks is proved by the credential
// that the gate passed on, checked here; the gate itself can speak for nobody.

import type { Role } from '@chatelaine/contract';

export interface Principal {
  /** A component of our own (gate, watch, …), the holder of a local admin key or a token, a user or a machine that logged in. */
  readonly role: Role | 'token' | 'user' | 'machine';
  /** The link identity, or the name of the token, user or machine; unique in this keep. */
  readonly identity: string;
  /** What is granted to these groups is granted to it too. */
  readonly groups?: readonly string[];
  /** Of a machine: what is granted to this type is granted to it too. */
  readonly type?: string;
  /** The login of a user. */
  readonly session?: string;
}

/** The stable name of a principal in policy and audit: `admin:admin`, `gate:gate`, `token:ci`, `machine:zurich/web1`. */
export const principalId = (principal: Principal): string => `${principal.role}:${principal.identity}`;

/** Whether it is nobody of our own: it brings a credential through the gate, and asks only what is public. */
export const isOutsider = (role: Principal['role']): boolean =>
  role === 'token' || role === 'user' || role === 'machine';

/** The names under which something is granted to it. */
export const granteesOf = (principal: Principal): readonly string[] => [
  principalId(principal),
  ...(principal.groups ?? []).map((group) => `group:${group}`),
  ...(principal.type === undefined ? [] : [`type:${principal.type}`]),
];
