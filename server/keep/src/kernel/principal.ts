// Who asks. A peer of the link is proved by its pre-shared key. Somebody for whom a gate asks is proved by the credential
// that the gate passed on, checked here; the gate itself can speak for nobody.

import type { Role } from '@chatelaine/contract';

export interface Principal {
  /** A component of our own (gate, watch, …), the holder of a local admin key, of a token, or a user who is logged in. */
  readonly role: Role | 'token' | 'user';
  /** The link identity or the token's name, unique in this keep. */
  readonly identity: string;
  /** What is granted to these groups is granted to it too. */
  readonly groups?: readonly string[];
  /** The login of a user. */
  readonly session?: string;
}

/** The stable name of a principal in policy and audit: `admin:admin`, `gate:gate`, `token:ci`. */
export const principalId = (principal: Principal): string => `${principal.role}:${principal.identity}`;
