// What a principal may ask, decided before anything is looked up. Default is no. Two fences stand one behind the other:
// the operation's list of roles, or that it is public (fixed in the contract, no grant widens it), then grants: principal ×
// capability × path. A component's own grants are fixed here; other people's grants are records.

import { allOperations, type Role, widerCapabilities } from '@chatelaine/contract';
import { granteesOf, isOutsider, type Principal, principalId } from './principal.ts';

/**
 * One permission. `capability` is exact, `prefix.*` or `*`, and gives its parts too; `path` is a glob: `*` is anything within a
 * segment, `**` any number of segments.
 */
export interface Grant {
  readonly principal: string;
  readonly capability: string;
  readonly path: string;
}

/** The answer, with the grant that decided it, so that `policy test` can explain itself. */
export type PolicyAnswer =
  | { readonly allowed: true; readonly because: Grant }
  | { readonly allowed: false; readonly because: string };

/** What each component of our own may do; the smallest set its job needs. Not configurable. */
const componentGrants: readonly Grant[] = [
  { principal: 'gate:*', capability: 'system.nonce', path: '**' },
  { principal: 'gate:*', capability: 'system.status', path: '**' },
  { principal: 'gate:*', capability: 'system.metrics', path: '**' },
  { principal: 'gate:*', capability: 'system.relay', path: '**' },
  { principal: 'gate:*', capability: 'machines.fetch', path: '**' },
  { principal: 'gate:*', capability: 'machines.heartbeat', path: '**' },
  { principal: 'gate:*', capability: 'yubiotp.validate', path: '**' },
  { principal: 'gate:*', capability: 'machines.login', path: '**' },
  { principal: 'gate:*', capability: 'yubiotp.decrypt', path: '**' },
  { principal: 'watch:*', capability: 'machines.report', path: '**' },
  { principal: 'bus:*', capability: 'machines.read', path: '**' },
  { principal: 'bus:*', capability: 'machines.events', path: '**' },
  { principal: 'bus:*', capability: 'machines.manage', path: '**' },
  { principal: 'bus:*', capability: 'machines.approve', path: '**' },
  { principal: 'bus:*', capability: 'machines.set-checker', path: '**' },
  { principal: 'gate:*', capability: 'sessions.login', path: '**' },
  { principal: 'user:*', capability: 'sessions.logout', path: '**' },
  { principal: 'courier:*', capability: 'machines.events', path: '**' },
  { principal: 'courier:*', capability: 'machines.read', path: '**' },
  { principal: 'courier:*', capability: 'passwords.events', path: '**' },
];

/** The grant of a fresh instance: the holder of a local admin key administers it. */
export const foundingGrants: readonly Grant[] = [{ principal: 'admin:admin', capability: '*', path: '**' }];

/** A pattern is one of the grantees, or `role:*`. */
const matchesPrincipal = (pattern: string, grantees: readonly string[], { role }: Principal): boolean =>
  grantees.includes(pattern) || pattern === `${role}:*`;

/** Whether a granted capability, which may be a pattern, is or includes this one. */
export const matchesCapability = (pattern: string, capability: string): boolean =>
  pattern === '*' || pattern === capability || (pattern.endsWith('.*') && capability.startsWith(pattern.slice(0, -1)));

/** Whether a segment matches a pattern in which `*` stands for anything; linear for each `*`. */
const matchesSegment = (pattern: string, segment: string): boolean => {
  if (!pattern.includes('*')) return pattern === segment;
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop() ?? '';
  if (segment.length < first.length + last.length || !segment.startsWith(first) || !segment.endsWith(last))
    return false;
  let at = first.length;
  for (const part of rest) {
    const found = segment.indexOf(part, at);
    if (found < 0 || found + part.length > segment.length - last.length) return false;
    at = found + part.length;
  }
  return true;
};

const isSegmentOf = (pattern: string | undefined, segment = ''): boolean =>
  pattern !== undefined && (segment === '**' ? pattern === segment : matchesSegment(pattern, segment));

/**
 * Whether a `/`-separated path matches a glob; linear in the segments, so that no pattern can be made slow. A path that is a
 * glob itself matches if everything does that it stands for.
 */
export const matchesPath = (glob: string, path: string): boolean => {
  const patterns = glob.split('/');
  const segments = path === '' ? [] : path.split('/');
  let pattern = 0;
  let segment = 0;
  let lastDoubleStar = -1;
  let resumeAt = 0;
  while (segment < segments.length) {
    if (patterns[pattern] === '**') {
      lastDoubleStar = pattern++;
      resumeAt = segment;
    } else if (isSegmentOf(patterns[pattern], segments[segment])) {
      pattern++;
      segment++;
    } else if (lastDoubleStar >= 0) {
      pattern = lastDoubleStar + 1;
      segment = ++resumeAt;
    } else {
      return false;
    }
  }
  while (patterns[pattern] === '**') pattern++;
  return pattern === patterns.length;
};

/** Whether anything that needs this capability can be asked in this role at all, whatever is granted. */
export const mayEverAsk = (role: Principal['role'], capability: string): boolean =>
  allOperations.some(
    (operation) =>
      (operation.capability === capability || widerCapabilities(capability).has(operation.capability)) &&
      (isOutsider(role) ? operation.http !== undefined : operation.roles.includes(role as Role)),
  );

/**
 * Whether `principal` may use `capability` on `path`.
 *
 * @param grants those of this principal and its groups at least, in any order, none of them past its end
 */
export const evaluatePolicy = (
  grants: readonly Grant[],
  principal: Principal,
  capability: string,
  path: string,
): PolicyAnswer => {
  const grantees = granteesOf(principal);
  const sufficient = [capability, ...widerCapabilities(capability)];
  for (const grant of [...componentGrants, ...grants]) {
    if (
      matchesPrincipal(grant.principal, grantees, principal) &&
      sufficient.some((one) => matchesCapability(grant.capability, one)) &&
      matchesPath(grant.path, path)
    ) {
      return { allowed: true, because: grant };
    }
  }
  return {
    allowed: false,
    because: `no grant gives ${principalId(principal)} the capability ${capability} on "${path}"`,
  };
};
