// Operations on clients of the validation protocol: services that have codes checked at /wsapi, and the keys that they and
// the keep sign with.

import * as z from 'zod';
import { bytes, defineOperation } from '../operation.ts';

/** The key of a client that is made here, in bytes. */
export const CLIENT_SECRET_BYTES = 20;
/** Of a client that is brought along: what 60 characters of Base64 can say. */
export const MAX_CLIENT_SECRET_BYTES = 45;

/** The highest id: ten digits. */
export const MAX_CLIENT_ID = 9_999_999_999;

const idSchema = z.number().int().min(1).max(MAX_CLIENT_ID);
const byId = z.strictObject({ id: idSchema });
const pathOf = ({ id }: { readonly id: number }): string => `clients/${id}`;
const changed = z.strictObject({ changed: z.boolean().describe('false: it was so before') });

/** Text beside a client; a line of it can be exported. */
export const textSchema = (most: number) =>
  z
    .string()
    .max(most)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
    .regex(/^[^\u0000-\u001f\u007f,]*$/, 'must have no comma and no control character');

const view = z.strictObject({
  id: idSchema,
  active: z.boolean(),
  createdAtUnixMs: z.number().int(),
  email: z.string(),
  notes: z.string(),
  otp: z.string().describe('the code that it was asked for with, if it came from a server that noted one'),
});

/** A client as it is shown: never its key. */
export type ClientView = z.infer<typeof view>;

export const addClient = defineOperation({
  name: 'yubiotp.add-client',
  summary: 'Makes a client of the validation protocol with the next free id, and shows its key, once.',
  kind: 'change',
  roles: ['admin'],
  capability: 'yubiotp.manage-clients',
  path: () => 'clients',
  input: z.strictObject({ email: textSchema(254).default(''), notes: textSchema(100).default('') }),
  output: z.strictObject({ id: idSchema, secret: bytes({ max: CLIENT_SECRET_BYTES }) }),
  refusals: ['too-large', 'disk-full'],
});

export const listClients = defineOperation({
  name: 'yubiotp.list-clients',
  summary: 'Lists the clients of the validation protocol, one page at a time, in no meaningful order.',
  kind: 'read',
  roles: ['admin'],
  capability: 'yubiotp.read',
  path: () => 'clients',
  input: z.strictObject({ limit: z.number().int().min(1).max(500), cursor: z.string().max(4_096).optional() }),
  output: z.strictObject({ clients: z.array(view), cursor: z.string().optional() }),
  refusals: ['damaged'],
});

export const removeClient = defineOperation({
  name: 'yubiotp.remove-client',
  summary: 'Removes a client and destroys its key. Its id does not come back.',
  kind: 'change',
  roles: ['admin'],
  capability: 'yubiotp.manage-clients',
  path: pathOf,
  input: byId,
  output: z.strictObject({}),
  refusals: ['not-found', 'disk-full'],
});

export const enableClient = defineOperation({
  name: 'yubiotp.enable-client',
  summary: 'Answers a client again that was disabled.',
  kind: 'change',
  roles: ['admin'],
  capability: 'yubiotp.manage-clients',
  path: pathOf,
  input: byId,
  output: changed,
  refusals: ['not-found', 'disk-full'],
});

export const disableClient = defineOperation({
  name: 'yubiotp.disable-client',
  summary: 'Answers a client no more: NO_SUCH_CLIENT.',
  kind: 'change',
  roles: ['admin'],
  capability: 'yubiotp.manage-clients',
  path: pathOf,
  input: byId,
  output: changed,
  refusals: ['not-found', 'disk-full'],
});
