// The verdict of Yubico's validation protocol: asked for in its parameters, answered in its words, signed by the keep.

import * as z from 'zod';
import { sourceSchema } from '../one-time-codes.ts';
import { defineOperation } from '../operation.ts';

/** How many parameters of a request are looked at; the others are as good as not sent. */
export const MAX_PARAMETERS = 1_000;
/** What their names and values may take together, in bytes. */
export const MAX_PARAMETERS_BYTES = 16_384;

/** What the protocol answers. */
export const validationStatuses = [
  'OK',
  'BAD_OTP',
  'REPLAYED_OTP',
  'REPLAYED_REQUEST',
  'BAD_SIGNATURE',
  'MISSING_PARAMETER',
  'NO_SUCH_CLIENT',
  'OPERATION_NOT_ALLOWED',
  'BACKEND_ERROR',
] as const;
export type ValidationStatus = (typeof validationStatuses)[number];

const octets = z.string().max(MAX_PARAMETERS_BYTES).describe('one character a byte, U+0000 to U+00FF');
const pair = z.strictObject({ name: octets, value: octets });

/** A parameter or a field of an answer. */
export type ValidationPair = z.infer<typeof pair>;

export const validate = defineOperation({
  name: 'yubiotp.validate',
  summary: 'Checks a code of a YubiKey as Yubico’s validation protocol asks for it, and signs the verdict.',
  description:
    'Everything is checked here, in the order of the protocol: parameters, client, the signature of the request, code, counters. ' +
    'What is wrong is a status of the answer, signed with the key of the client as soon as there is one that is active, and with ' +
    'the empty key otherwise. OK says that the code is spent, durably, by this request and no other.',
  kind: 'release',
  roles: ['gate'],
  capability: 'yubiotp.validate',
  input: z.strictObject({
    version: z.enum(['1', '2']).describe('the protocol: 1 is 1.0 and 1.1, 2 is 2.0'),
    parameters: z.array(pair).max(MAX_PARAMETERS).describe('decoded, each name once, in any order'),
    source: sourceSchema.optional(),
  }),
  output: z.strictObject({
    signature: z.string().describe('Base64, over the fields'),
    fields: z.array(pair).describe('in the order in which they are sent; the last one is the status'),
  }),
  refusals: ['damaged'],
});
