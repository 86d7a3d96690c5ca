// Operations that take over keys and clients of Yubico's servers and give them back: what lies in the tables of ykksm and ykval.

import * as z from 'zod';
import { importIdSchema } from '../aes.ts';
import { sourceSchema } from '../one-time-codes.ts';
import { bytes, defineOperation } from '../operation.ts';
import { MAX_CLIENT_ID, MAX_CLIENT_SECRET_BYTES, textSchema } from './clients.ts';
import { PRIVATE_ID_BYTES, YUBIKEY_AES_BYTES } from './keys.ts';

/** How many keys or clients come at once: what one transaction takes. */
export const MAX_BROUGHT_AT_ONCE = 16;
/** Digits of a clock: 24 bits. */
const MAX_TIMESTAMP = 0xffffff;

/** The id of a key that was in use elsewhere: there may be none. */
const broughtIdSchema = z.string().regex(/^[cbdefghijklnrtuv]{0,16}$/, 'must be 0 to 16 modhex letters');

const unixMs = z.number().int().min(0);

const secrets = z.strictObject({
  privateId: bytes({ min: PRIVATE_ID_BYTES, max: PRIVATE_ID_BYTES }),
  key: bytes({ min: YUBIKEY_AES_BYTES, max: YUBIKEY_AES_BYTES }),
});

/** What a key storage module knows beside the secrets. */
const storage = z.strictObject({
  serialNumber: z.number().int().min(0),
  created: z.string().max(40).describe('as it was written'),
  lockCode: bytes({ min: 6, max: 6 }),
  creator: z
    .string()
    .regex(/^([0-9a-f]{8})?$/)
    .describe('who vouched for it: 8 hexadecimal digits of an OpenPGP key id, or nothing'),
  active: z.boolean().describe('whether its codes are decrypted for validation servers'),
});

/** What a validation server knows. */
const state = z.strictObject({
  active: z.boolean(),
  counter: z.number().int().min(-1).max(0x7fff).describe('of the last accepted code, -1 before any'),
  use: z.number().int().min(-1).max(255),
  timestamp: z.number().int().min(0).max(MAX_TIMESTAMP).optional(),
  nonce: z
    .string()
    .regex(/^[A-Za-z0-9]{1,40}$/)
    .optional(),
  createdAtUnixMs: unixMs,
  modifiedAtUnixMs: unixMs,
  notes: textSchema(100),
});

const broughtKeys = z
  .array(
    z.strictObject({
      publicId: broughtIdSchema,
      stored: storage.extend(secrets.shape).optional(),
      state: state.optional(),
    }),
  )
  .min(1)
  .max(MAX_BROUGHT_AT_ONCE);

const moved = z.strictObject({ added: z.number().int(), changed: z.number().int(), unchanged: z.number().int() });

export const checkKeys = defineOperation({
  name: 'yubiotp.check-keys',
  summary: 'Says what an import of keys of Yubico’s servers would do, and changes nothing.',
  kind: 'read',
  roles: ['admin'],
  capability: 'yubiotp.manage',
  path: () => 'keys',
  input: z.strictObject({ import: importIdSchema, keys: broughtKeys }),
  output: moved,
  refusals: ['already-exists'],
});

export const bringKeys = defineOperation({
  name: 'yubiotp.bring-keys',
  summary: 'Takes over keys of Yubico’s servers, all of a call or none. New ones count once the import is complete.',
  description:
    'Secrets that are there stay; a key with others of the same id is refused. What a validation server knows is taken over of a key ' +
    'that is new here, and otherwise only where its counters are higher.',
  kind: 'change',
  roles: ['admin'],
  capability: 'yubiotp.manage',
  path: () => 'keys',
  input: z.strictObject({ import: importIdSchema, keys: broughtKeys }),
  output: moved,
  refusals: ['already-exists', 'disk-full'],
});

export const completeImport = defineOperation({
  name: 'yubiotp.complete-import',
  summary: 'Lets every key count that arrived with an import, from one moment on.',
  kind: 'change',
  roles: ['admin'],
  capability: 'yubiotp.manage',
  path: () => 'keys',
  input: z.strictObject({ import: importIdSchema }),
  output: z.strictObject({}),
  refusals: ['disk-full'],
});

export const exportKey = defineOperation({
  name: 'yubiotp.export-key',
  summary: 'Hands out the secrets of one YubiKey, for another key storage module.',
  kind: 'release',
  roles: ['admin'],
  capability: 'yubiotp.export',
  path: ({ publicId }) => `keys/${publicId}`,
  input: z.strictObject({ publicId: broughtIdSchema }),
  output: secrets.extend({ storage: storage.optional() }),
  refusals: ['not-found', 'disk-full'],
});

export const listStates = defineOperation({
  name: 'yubiotp.list-states',
  summary: 'Lists what a validation server knows about each key, one page at a time, in no meaningful order.',
  kind: 'read',
  roles: ['admin'],
  capability: 'yubiotp.read',
  path: () => 'keys',
  input: z.strictObject({ limit: z.number().int().min(1).max(500), cursor: z.string().max(4_096).optional() }),
  output: z.strictObject({
    keys: z.array(
      state.extend({ publicId: z.string(), hasSecrets: z.boolean().describe('false: its codes are not opened here') }),
    ),
    cursor: z.string().optional(),
  }),
  refusals: ['damaged'],
});

const broughtClient = z.strictObject({
  id: z.number().int().min(1).max(MAX_CLIENT_ID),
  active: z.boolean(),
  createdAtUnixMs: unixMs,
  secret: bytes({ min: 1, max: MAX_CLIENT_SECRET_BYTES }),
  email: textSchema(254),
  notes: textSchema(100),
  otp: textSchema(100),
});

export const bringClients = defineOperation({
  name: 'yubiotp.bring-clients',
  summary: 'Takes over clients of the validation protocol, all of a call or none. One that is there is never replaced.',
  kind: 'change',
  roles: ['admin'],
  capability: 'yubiotp.manage-clients',
  path: () => 'clients',
  input: z.strictObject({ clients: z.array(broughtClient).min(1).max(MAX_BROUGHT_AT_ONCE) }),
  output: z.strictObject({ added: z.number().int(), kept: z.array(z.number().int()).describe('were there before') }),
  refusals: ['disk-full'],
});

export const exportClient = defineOperation({
  name: 'yubiotp.export-client',
  summary: 'Hands out a client of the validation protocol with its key, for another validation server.',
  kind: 'release',
  roles: ['admin'],
  capability: 'yubiotp.export',
  path: ({ id }) => `clients/${id}`,
  input: z.strictObject({ id: broughtClient.shape.id }),
  output: broughtClient,
  refusals: ['not-found', 'disk-full'],
});

export const decrypt = defineOperation({
  name: 'yubiotp.decrypt',
  summary: 'Opens a code of a YubiKey for a validation server, as Yubico’s key storage module does.',
  description:
    'It spends nothing and knows no counters: the same code opens every time. Whoever may ask can try codes, and learns counters, never a key.',
  kind: 'release',
  roles: ['gate'],
  capability: 'yubiotp.decrypt',
  input: z.strictObject({
    otp: z.string().regex(/^[cbdefghijklnrtuv]{32,48}$/, 'must be 32 to 48 modhex letters in lower case'),
    source: sourceSchema.optional(),
  }),
  output: z.strictObject({
    counter: z.number().int().describe('as it was decrypted, with the bit that says that caps lock was on'),
    use: z.number().int(),
    timestamp: z.number().int().describe('24 bits'),
  }),
  refusals: ['not-found', 'wrong-code', 'disk-full', 'busy', 'damaged'],
});
