// Comparing in constant time.

import { timingSafeEqual } from 'node:crypto';

/** Whether both hold the same bytes. The time taken shows the lengths, nothing else. */
export const areEqualBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b);
