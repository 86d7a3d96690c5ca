// Operations of the watch: it is told which machines to look at and reports what it saw. It can report liveness and
// nothing else. Reports come in batches; each check is dated by its start.

import * as z from 'zod';
import { bytes, defineOperation } from '../operation.ts';
import { machineNameSchema } from './identity.ts';

/** Most finished checks and machines that are due, together, of one report: their records fit one transaction of any store. */
export const MAX_REPORTED_AT_ONCE = 24;

/** Longest command that a report carries; a longer one is cut. */
export const MAX_REPORTED_COMMAND = 4_096;

const agoMs = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const command = z.string().max(MAX_REPORTED_COMMAND);

/** A machine as the watch needs to know it. */
export const watchedMachineSchema = z.strictObject({
  name: machineNameSchema,
  host: z.string(),
  checker: z.string().describe('empty, or `@heartbeat`: nothing is started, only its end is asked about'),
  intervalMs: z.number().int().min(0),
  values: z
    .record(z.string(), z.string())
    .describe('the values that its checker asks for with `%(name)s`, as text, not yet quoted for the shell'),
  firstCheckInMs: agoMs.optional().describe('when to look first; absent if the present schedule stays'),
  dueInMs: agoMs.describe('when its time runs out; then the watch asks with `due`, so that it is on record at once'),
});

export type WatchedMachine = z.infer<typeof watchedMachineSchema>;

export const schedule = defineOperation({
  name: 'machines.schedule',
  summary: 'Pushes the machines that are to be looked at, then every change.',
  description:
    'First every machine whose time runs, in pages, then `complete`; from then on each that changed. A machine that is ' +
    'no longer to be looked at comes as `gone`: a check of it that still runs is stopped.',
  kind: 'stream',
  roles: ['watch'],
  capability: 'machines.report',
  input: z.strictObject({}),
  output: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('machines'), machines: z.array(watchedMachineSchema).max(100) }),
    z.strictObject({ kind: z.literal('complete') }),
    z.strictObject({ kind: z.literal('gone'), name: machineNameSchema }),
    z.strictObject({ kind: z.literal('start'), name: machineNameSchema }).describe('look now, unless a check runs'),
    z.strictObject({ kind: z.literal('stop'), name: machineNameSchema }).describe('stop the check that runs'),
  ]),
  refusals: ['damaged'],
});

const completedSchema = z.strictObject({
  name: machineNameSchema,
  startedAgoMs: agoMs.describe('how long before this report the check began'),
  status: z
    .number()
    .int()
    .min(-1)
    .max(255)
    .describe('exit status; 0 is a machine that is alive; -1: ended by a signal'),
  waitStatus: z.number().int().min(0).max(0xffff).describe('as of wait(2)'),
  command,
});

/** A finished check. */
export type CompletedCheck = z.infer<typeof completedSchema>;

export const report = defineOperation({
  name: 'machines.report',
  summary: 'Says which checks began and how others ended, and asks about machines whose time ran out.',
  description:
    'A success extends the time of a machine that has some left; a late one never revives. What is told stands in the ' +
    'audit when a machine falls silent, is alive again, or runs out of time, not at every check.',
  kind: 'report',
  roles: ['watch'],
  capability: 'machines.report',
  input: z
    .strictObject({
      started: z.array(z.strictObject({ name: machineNameSchema, command })).max(4 * MAX_REPORTED_AT_ONCE),
      completed: z.array(completedSchema).max(MAX_REPORTED_AT_ONCE),
      due: z.array(machineNameSchema).max(MAX_REPORTED_AT_ONCE),
      late: z.number().int().min(0).describe('checks since the last report that began more than a second late'),
    })
    .refine(
      ({ completed, due }) => completed.length + due.length <= MAX_REPORTED_AT_ONCE,
      `completed, due: must be at most ${MAX_REPORTED_AT_ONCE} together`,
    ),
  output: z.strictObject({
    due: z
      .array(z.strictObject({ name: machineNameSchema, inMs: agoMs }))
      .describe('when the time of each reported machine runs out now; absent: it is not to be looked at any more'),
  }),
  refusals: ['damaged', 'disk-full'],
});

export const heartbeat = defineOperation({
  name: 'machines.heartbeat',
  summary: 'A machine says itself that it is alive, by signing a nonce of the keep.',
  description:
    'The signature is Ed25519, by the heartbeat key of the machine, over the bytes of `heartbeatStatement`. The gate that ' +
    'relays it can suppress it, not forge it. Counts as a successful check, and a nonce counts once for a machine.',
  kind: 'report',
  roles: ['gate'],
  http: { method: 'POST', path: '/heartbeats', isOpen: true },
  capability: 'machines.heartbeat',
  input: z.strictObject({
    name: machineNameSchema,
    nonce: bytes({ min: 32, max: 32 }),
    signature: bytes({ min: 64, max: 64 }),
  }),
  output: z.strictObject({}),
  refusals: ['stale', 'bad-proof', 'replayed', 'disk-full'],
});
