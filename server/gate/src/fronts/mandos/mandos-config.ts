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
  /** Whether machines are to find the server by multicast DNS. Needs avahi-daemon and avahi-utils. */
  announce: z.boolean().default(false),
  /** Under which name; another number is added if it is taken. */
  service_name: z
    .string()
    .refine((name) => Buffer.byteLength(name) <= 63, 'must be at most 63 bytes')
    .refine((name) => /^\p{L}[^\p{C}]*$/u.test(name), 'must begin with a letter and have no control characters')
    .default('Mandos'),
});

export type MandosConfig = z.output<typeof mandosConfig>;
