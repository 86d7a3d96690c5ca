// The table [gate.k2].

import { k2Socket } from '@chatelaine/process';
import * as z from 'zod';

const seconds = z.int().min(1).max(86_400);

export const k2Config = z.strictObject({
  /** Where `chatelaine k2` joins in. */
  socket: k2Socket,
  /** Who may connect: accounts in the group that our accounts share, or every account of this machine. Both have to show a token. */
  may_connect: z.enum(['group', 'anyone']).default('group'),
  /** Sessions at once; one more is told so and closed. */
  max_sessions: z.int().min(1).max(100_000).default(512),
  /** Without a command in a session that stays open. */
  idle_seconds: seconds.default(3_600),
  /** For a command that has begun, or the data that belongs to it, to arrive; and for an answer to be taken. */
  command_seconds: seconds.default(30),
  /** For the keep to answer. */
  answer_seconds: seconds.default(30),
});

export type K2Config = z.output<typeof k2Config>;
