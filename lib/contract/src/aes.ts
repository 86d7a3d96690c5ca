// Operations on keys and seeds of users. A key never leaves by any of them: it is made or brought in, and from then on only
// modules that it was linked to work with it.

import * as z from 'zod';
import { bytes, defineOperation } from './operation.ts';
import { userNameSchema } from './users.ts';

/** What a key of a user is called; a user's keys have names of their own. */
export const keyNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,79}$/, 'must be 1 to 80 of a-z, 0-9, ".", "_" and "-"');

/** What an import is called by whoever makes it: random, so that no other one has the name. */
export const importIdSchema = z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 hexadecimal digits');

/** Modules that a key can be linked to. */
export const linkableModules = ['hotp', 'totp', 'yubiotp'] as const;
const moduleSchema = z.enum(linkableModules);

/** Least and most bytes of a key: AES-128 is the shortest, a seed for SHA-512 the longest. */
export const [MIN_KEY_BYTES, MAX_KEY_BYTES] = [16, 64] as const;

const byName = z.strictObject({ user: userNameSchema, key: keyNameSchema });
const nothing = z.strictObject({});
const pathOf = ({ user, key }: { readonly user: string; readonly key: string }): string => `${user}/${key}`;

const keyView = z.strictObject({
  key: z.string(),
  sizeBytes: z.number().int(),
  createdAtUnixMs: z.number().int(),
  modules: z.array(z.string()).describe('to which it is linked'),
});

/** A key as it is shown: never the key itself. */
export type KeyView = z.infer<typeof keyView>;

export const generate = defineOperation({
  name: 'aes.generate',
  summary: 'Makes a key for a user. It is linked to nothing yet, and nobody ever sees it.',
  kind: 'change',
  roles: ['admin'],
  http: { method: 'POST', path: '/users/{user}/keys/{key}' },
  capability: 'aes.manage',
  path: pathOf,
  input: byName.extend({ sizeBytes: z.number().int().min(MIN_KEY_BYTES).max(MAX_KEY_BYTES) }),
  output: nothing,
  refusals: ['not-found', 'already-exists', 'disk-full'],
});

export const bring = defineOperation({
  name: 'aes.import',
  summary: 'Takes up a key or seed that a user has already.',
  kind: 'change',
  roles: ['admin'],
  http: { method: 'PUT', path: '/users/{user}/keys/{key}' },
  capability: 'aes.manage',
  path: pathOf,
  input: byName.extend({ value: bytes({ min: MIN_KEY_BYTES, max: MAX_KEY_BYTES }) }),
  output: nothing,
  refusals: ['not-found', 'already-exists', 'disk-full'],
});

export const link = defineOperation({
  name: 'aes.link',
  summary: 'Lets a module work with a key of a user.',
  kind: 'change',
  roles: ['admin'],
  http: { method: 'PUT', path: '/users/{user}/keys/{key}/modules/{module}' },
  capability: 'aes.manage',
  path: pathOf,
  input: byName.extend({ module: moduleSchema }),
  output: nothing,
  refusals: ['not-found', 'disk-full'],
});

export const unlink = defineOperation({
  name: 'aes.unlink',
  summary: 'Takes a key away from a module: what rests on it is good for nothing from the moment this is answered.',
  kind: 'change',
  roles: ['admin'],
  http: { method: 'DELETE', path: '/users/{user}/keys/{key}/modules/{module}' },
  capability: 'aes.manage',
  path: pathOf,
  input: byName.extend({ module: moduleSchema }),
  output: nothing,
  refusals: ['not-found', 'disk-full'],
});

export const list = defineOperation({
  name: 'aes.list',
  summary: 'Lists the keys of a user, one page at a time, in no meaningful order.',
  kind: 'read',
  roles: ['admin'],
  http: { method: 'GET', path: '/users/{user}/keys' },
  capability: 'aes.read',
  path: ({ user }) => user,
  input: z.strictObject({
    user: userNameSchema,
    limit: z.number().int().min(1).max(500),
    cursor: z.string().max(4_096).optional(),
  }),
  output: z.strictObject({ keys: z.array(keyView), cursor: z.string().optional() }),
  refusals: ['not-found', 'damaged'],
});

export const remove = defineOperation({
  name: 'aes.remove',
  summary: 'Destroys a key that is linked to no module.',
  kind: 'change',
  roles: ['admin'],
  http: { method: 'DELETE', path: '/users/{user}/keys/{key}' },
  capability: 'aes.manage',
  path: pathOf,
  input: byName,
  output: nothing,
  refusals: ['not-found', 'disk-full'],
});

export const completeImport = defineOperation({
  name: 'aes.complete-import',
  summary: 'Lets everything count that arrived with an import, from one moment on.',
  kind: 'change',
  roles: ['admin'],
  capability: 'aes.manage',
  input: z.strictObject({ import: importIdSchema }),
  output: nothing,
  refusals: ['disk-full'],
});
