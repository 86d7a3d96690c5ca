// Who asks. The role comes from the link, proved by its pre-shared key; nobody else can speak for a principal.

import type { Role } from '@chatelaine/contract';

/** A peer of the link: a component of our own (gate, watch, …) or the holder of a local admin key. */
export interface Principal {
  readonly role: Role;
  /** The link identity, unique in this keep. */
  readonly identity: string;
}

/** The stable name of a principal in policy and audit: `admin:admin`, `gate:gate`. */
export const principalId = (principal: Principal): string => `${principal.role}:${principal.identity}`;
