// Operations on one-time codes by time. RFC 6238.

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

export { MAX_CREDENTIALS, MAX_IMPORTED_AT_ONCE } from './one-time-codes.ts';

const ownFields = {
  periodSeconds: z.number().int().min(10).max(300).describe('30 is customary'),
  window: z
    .number()
    .int()
    .min(0)
    .max(6)
    .describe('steps that a device may be early or late, by the clock of the server or where it was last'),
};

const view = z.strictObject({ ...credentialFields, ...ownFields, driftSteps: z.number().int() });

/** A credential as it is shown: never its seed. */
export type TotpView = z.infer<typeof view>;

export const enroll = defineOperation({
  name: 'totp.enroll',
  summary: 'Gives a user a credential by time. It counts once it was confirmed.',
  kind: 'change',
  roles: ['admin'],
  http: { method: 'PUT', path: '/users/{user}/totp/{credential}' },
  capability: 'totp.manage',
  path: pathOfCredential,
  input: z.strictObject({ ...enrolmentFields, ...ownFields }),
  output: z.strictObject({ seed: bytes({ max: 64 }).optional().describe('of a new one only') }),
  refusals: ['not-found', 'already-exists', 'too-large', 'disk-full'],
});

export const verify = verifyOperation('totp');
export const confirm = confirmOperation('totp', 1);
export const resync = resyncOperation('totp');
export const remove = removeOperation('totp');
export const allowTries = allowTriesOperation('totp');
export const bring = importOperation('totp', ownFields);
export const exportSeed = exportOperation('totp', ownFields);

export const list = defineOperation({
  name: 'totp.list',
  summary: 'Lists credentials by time.',
  kind: 'read',
  roles: ['admin'],
  http: { method: 'GET', path: '/totp' },
  capability: 'totp.read',
  path: ({ user }) => user ?? '',
  input: listingInput,
  output: z.strictObject({ credentials: z.array(view), cursor: z.string().optional() }),
  refusals: ['damaged'],
});
