// Operations on requests that wait for a person. Two ways, which a machine's rule tells apart: named people sign exactly
// the request that waits; or, as Mandos has it, one decision counts for a time for whatever the machine asks. Besides
// either, one of those who are named for it may have to give a one-time code.

import * as z from 'zod';
import { bytes, defineOperation } from '../operation.ts';
import { userNameSchema } from '../users.ts';
import { keyIdSchema, machineNameSchema } from './identity.ts';
import { approverNameSchema, codeRuleSchema } from './settings.ts';

const requestIdSchema = z
  .string()
  .regex(/^[0-9a-f]{32}$/, 'must be 32 lower-case hexadecimal digits')
  .describe('made by the keep for one request of one machine; never used again');

/** What a person approves: this request and no other. */
export interface ApprovalStatement {
  readonly requestId: string;
  readonly name: string;
  readonly keyId: string;
  readonly address: string;
  readonly askedAtUnixMs: number;
  readonly approve: boolean;
}

/** Namespace of the signature. ssh-keygen(1), `-Y sign -n`. */
export const APPROVAL_NAMESPACE = 'approval@chatelaine';

/** The exact bytes that an approver signs: one line a field, UTF-8, each ended by a newline. */
export const approvalText = (storeId: string, statement: ApprovalStatement): Uint8Array =>
  new TextEncoder().encode(
    [
      'chatelaine approval v1',
      `decision: ${statement.approve ? 'approve' : 'deny'}`,
      `store: ${storeId}`,
      `request: ${statement.requestId}`,
      `machine: ${statement.name}`,
      `key-id: ${statement.keyId}`,
      `address: ${statement.address}`,
      `asked: ${new Date(statement.askedAtUnixMs).toISOString()}`,
      '',
    ].join('\n'),
  );

const pendingRequest = z.strictObject({
  requestId: requestIdSchema,
  name: machineNameSchema,
  keyId: keyIdSchema,
  address: z.string().describe('where the gate says it comes from'),
  askedAtUnixMs: z.number().int(),
  untilUnixMs: z.number().int().describe('when its delay ends'),
  releasedAtEnd: z.boolean().describe('what happens then if nobody decided'),
  required: z
    .number()
    .int()
    .optional()
    .describe('how many signatures it takes; absent: one decision of any administrator'),
  approvers: z.array(approverNameSchema).describe('who may sign'),
  approvedBy: z.array(approverNameSchema),
  codeOf: codeRuleSchema.optional().describe('of whom a one-time code is asked for; absent: of nobody'),
  codeGivenBy: z.string().optional().describe('who gave one that counts'),
});

/** A request that waits. */
export type PendingRequest = z.infer<typeof pendingRequest>;

export const pending = defineOperation({
  name: 'machines.pending',
  summary: 'Lists the requests that wait for a person.',
  kind: 'read',
  roles: ['admin', 'bus', 'courier'],
  http: { method: 'GET', path: '/approvals' },
  capability: 'machines.read',
  input: z.strictObject({}),
  output: z.strictObject({ storeId: z.string(), requests: z.array(pendingRequest).max(1_000) }),
  refusals: [],
});

export const vote = defineOperation({
  name: 'machines.vote',
  summary: 'Approves or denies one waiting request with the SSH signature of a named approver.',
  description:
    'The signature is an SSHSIG over the exact text of the request, in the namespace `approval@chatelaine`. It counts for ' +
    'this request only and only while the approver is still named; enough of them release it, one denial refuses it.',
  kind: 'change',
  roles: ['admin'],
  http: { method: 'POST', path: '/approvals/{requestId}' },
  capability: 'machines.vote',
  input: z.strictObject({
    requestId: requestIdSchema,
    approver: approverNameSchema,
    approve: z.boolean(),
    signature: bytes({ min: 1, max: 16_384 }).describe('the binary SSHSIG blob, without its armour'),
  }),
  output: z.strictObject({ approvedBy: z.array(approverNameSchema), required: z.number().int() }),
  refusals: ['not-found', 'not-an-approver', 'bad-proof', 'replayed', 'disk-full'],
});

export const giveCode = defineOperation({
  name: 'machines.give-code',
  summary: 'Gives a one-time code of a named person for one waiting request.',
  description:
    'The code is spent, durably, before this is answered, and counts for this request only, while the person is still named ' +
    'and let in. Nothing is spent for a request that is over or would be refused with it. Whether the code is wrong, was ' +
    'used, or belongs to somebody else: the same is answered.',
  kind: 'change',
  roles: ['admin'],
  http: { method: 'POST', path: '/approvals/{requestId}/code' },
  capability: 'machines.give-code',
  input: z.strictObject({
    requestId: requestIdSchema,
    user: userNameSchema.describe('whose code it is'),
    code: z.string().max(100).describe('digits, or what a YubiKey types'),
  }),
  output: z.strictObject({ by: z.string().describe('what made the code, such as `totp/default`') }),
  refusals: [
    ...(['not-found', 'not-an-approver', 'wrong-code', 'replayed'] as const),
    ...(['disabled', 'expired', 'clock-behind', 'outside-window', 'not-approved', 'pending-approval'] as const),
    'disk-full',
  ],
});

export const approve = defineOperation({
  name: 'machines.approve',
  summary: 'Approves or denies whatever a machine asks, for the time its settings say.',
  description:
    'Only for machines without named approvers: elsewhere it is refused, since one administrator must not stand in for them. ' +
    'Nor does it stand in for a one-time code.',
  kind: 'change',
  roles: ['admin', 'bus'],
  capability: 'machines.approve',
  path: ({ name }) => name,
  input: z.strictObject({ name: machineNameSchema, approve: z.boolean() }),
  output: z.strictObject({ untilUnixMs: z.number().int() }),
  refusals: ['not-found', 'needs-signatures', 'needs-code', 'disk-full'],
});

const approverSchema = z.strictObject({
  name: approverNameSchema,
  publicKey: z
    .string()
    .max(8_192)
    .regex(/^\S+ [A-Za-z0-9+/]+={0,2}( .*)?$/, 'must be one line as in an SSH public key file')
    .describe('type, base64 and comment, as in a `.pub` file of ssh-keygen(1)'),
});

export const addApprover = defineOperation({
  name: 'machines.add-approver',
  summary: "Names a person who may approve, by their SSH public key; replaces that person's earlier key.",
  kind: 'change',
  roles: ['admin'],
  capability: 'machines.approvers',
  input: approverSchema,
  output: z.strictObject({ fingerprint: z.string().describe('as `ssh-keygen -l` shows it'), replaced: z.boolean() }),
  refusals: ['disk-full'],
});

export const removeApprover = defineOperation({
  name: 'machines.remove-approver',
  summary: 'Takes a person off the approvers; what they signed and is still waiting no longer counts.',
  kind: 'change',
  roles: ['admin'],
  capability: 'machines.approvers',
  input: z.strictObject({ name: approverNameSchema }),
  output: z.strictObject({}),
  refusals: ['not-found', 'disk-full'],
});

export const approvers = defineOperation({
  name: 'machines.approvers',
  summary: 'Lists the people who may approve.',
  kind: 'read',
  roles: ['admin'],
  capability: 'machines.read',
  input: z.strictObject({}),
  output: z.strictObject({ approvers: z.array(approverSchema.extend({ fingerprint: z.string() })) }),
  refusals: ['damaged'],
});
