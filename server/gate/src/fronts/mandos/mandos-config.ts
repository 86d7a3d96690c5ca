// The table [gate.mandos].

import { FAST_PRIORITY, PriorityError, preparePriority } from '@chatelaine/rawtls';
import * as z from 'zod';
import { listenAddresses } from '../../listen-address.ts';

const isPriority = (text: string): boolean => {
  try {
    preparePriority(text);
    return true;
  } catch (error) {
    if (error instanceof PriorityError) return false;
    throw error;
  }
};

export const mandosConfig = z.strictObject({
  /** Port 0 picks a free one. */
  listen: listenAddresses.prefault(['[::]:14711']),
  /** What TLS may be spoken. By default what the machines speak by theirs, in the order that costs both sides least. */
  priority: z
    .string()
    .max(1_024)
    .default(FAST_PRIORITY)
    .refine(isPriority, 'must be a priority string that GnuTLS understands'),
  /** For the protocol line and the handshake together. */
  handshake_seconds: z.int().min(1).max(600).default(15),
  /** For a machine to say goodbye after it was answered. */
  goodbye_seconds: z.int().min(1).max(600).default(5),
  /** Connections of which it is not known whose they are; one more is closed at once. */
  max_strangers: z.int().min(1).max(1_000_000).default(10_000),
});

export type MandosConfig = z.output<typeof mandosConfig>;
