// Operations on one-time codes by counter. RFC 4226.

import * as z from 'zod';
import {
  allowTriesOperation,
  confirmOperation,
  credentialFields,
  enrolmentFields,
  exportOperation,
  importOperation,
  listingInput,
  pathOfCredential,
  removeOperation,
  resyncOperation,
  verifyOperation,
} from './one-time-codes.ts';
import { bytes, defineOperation } from './operation.ts';

const counter = z
  .number()
  .int()
  .min(0)
  .max(2 ** 52);

const ownFields = {
  lookAhead: z.number().int().min(0).max(50).describe('codes that may have been made and not used; 10 is customary'),
};

const movedFields = { ...ownFields, counter: counter.describe('of the next code that the device makes') };

const view = z.strictObject({ ...credentialFields, ...ownFields, counter });

/** A credential as it is shown: never its seed. */
export type HotpView = z.infer<typeof view>;

export const enroll = defineOperation({
  name: 'hotp.enroll',
  summary: 'Gives a user a credential by counter. It counts once it was confirmed.',
  kind: 'change',
  roles: ['admin'],
  http: { method: 'PUT', path: '/users/{user}/hotp/{credential}' },
  capability: 'hotp.manage',
  path: pathOfCredential,
  input: z.strictObject({
    ...enrolmentFields,
    ...movedFields,
  }),
  output: z.strictObject({ seed: bytes({ max: 64 }).optional().describe('of a new one only') }),
  refusals: ['not-found', 'already-exists', 'too-large', 'disk-full'],
});

export const verify = verifyOperation('hotp');
export const confirm = confirmOperation('hotp', 2);
export const resync = resyncOperation('hotp');
export const remove = removeOperation('hotp');
export const allowTries = allowTriesOperation('hotp');
export const bring = importOperation('hotp', movedFields);
export const exportSeed = exportOperation('hotp', movedFields);

export const list = defineOperation({
  name: 'hotp.list',
  summary: 'Lists credentials by counter.',
  kind: 'read',
  roles: ['admin'],
  http: { method: 'GET', path: '/hotp' },
  capability: 'hotp.read',
  path: ({ user }) => user ?? '',
  input: listingInput,
  output: z.strictObject({ credentials: z.array(view), cursor: z.string().optional() }),
  refusals: ['damaged'],
});
