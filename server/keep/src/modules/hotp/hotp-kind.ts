// Codes by counter: the number of a code is how many the device had made before. RFC 4226, sections 7.2 and 7.4: a code counts
// for the present counter and some ahead, two in a row for many ahead, and then it and every one before it is spent.

import { hotp } from '@chatelaine/contract';
import * as z from 'zod';
import { type CommonCredential, type CountedKind, defineCredentials } from '../../otp/counted-kind.ts';

/** How far ahead a device that went astray is looked for. */
const WIDE_LOOK_AHEAD = 1_000;

export interface HotpCredential extends CommonCredential {
  /** Codes that may have been made and not used. */
  readonly lookAhead: number;
}

export const hotpKind: CountedKind<HotpCredential> = {
  module: 'hotp',
  form: defineCredentials('credentials by counter', { lookAhead: z.number().int() }),
  operations: hotp,
  needsClock: false,
  window: ({ unspent, lookAhead }) => Array.from({ length: lookAhead + 1 }, (_, ahead) => unspent + ahead),
  wideWindow: ({ unspent }) => ({ from: unspent, to: unspent + WIDE_LOOK_AHEAD }),
  farWindow: ({ unspent, lookAhead }) => ({ from: unspent + lookAhead + 1, to: unspent + WIDE_LOOK_AHEAD }),
  spend: (credential, counter, { nowUnixMs }) => ({ ...credential, unspent: counter + 1, lastUsedAtUnixMs: nowUnixMs }),
  // How many codes were used after the backup, no store knows: the device has to show where it is.
  afterRestore: () => undefined,
  nobodys: {
    ...{ name: '', key: '', digits: 6, algorithm: 'sha1', unspent: 0, confirmed: false, createdAtUnixMs: 0, epoch: 0 },
    lookAhead: 10,
  },
};
