// What credentials by counter and by time have in common, and where they differ. Both count: a code belongs to a number, the
// counter of the device or the step of the time, and every number below `unspent` is spent for good.

import type { hotp, totp } from '@chatelaine/contract';
import * as z from 'zod';
import { defineRecord, type RecordForm } from '../kernel/module-transaction.ts';
import type { Moment } from '../kernel/release/decision.ts';
import type { CodeForm } from './one-time-code.ts';

const unixMs = z.number().int();

const commonFields = {
  name: z.string(),
  /** The key of the user in the module `aes` that the codes are made with. */
  key: z.string(),
  digits: z.number().int(),
  algorithm: z.enum(['sha1', 'sha256', 'sha512']),
  /** The lowest number whose code is not spent. */
  unspent: z.number().int().min(0),
  /** Its device has shown a code. Absence grants nothing. */
  confirmed: z.boolean(),
  createdAtUnixMs: unixMs,
  lastUsedAtUnixMs: unixMs.optional(),
  /** The epoch of the store in which `unspent` was found. */
  epoch: z.number().int(),
};

/** What is kept about a credential, whatever it counts. */
export type CommonCredential = CodeForm & {
  readonly name: string;
  readonly key: string;
  readonly unspent: number;
  readonly confirmed: boolean;
  readonly createdAtUnixMs: number;
  readonly lastUsedAtUnixMs?: number | undefined;
  readonly epoch: number;
};

/** The credentials of one user. */
export interface CredentialsRecord<Credential> {
  readonly format: 1;
  /** When their user was added; of another user of the same name they are none. */
  readonly since: number;
  readonly credentials: readonly Credential[];
  /** Networks from which right codes came, the latest last. */
  readonly places: readonly string[];
}

/** Declares the record of the credentials of a user, each with the common fields and `own` ones. */
export const defineCredentials = <Own extends z.ZodRawShape>(name: string, own: Own) =>
  defineRecord(
    name,
    z.strictObject({
      format: z.literal(1),
      since: unixMs,
      credentials: z.array(z.strictObject({ ...commonFields, ...own })),
      places: z.array(z.string()),
    }),
  );

/** How credentials of one module count. All functions are pure. */
export interface CountedKind<Credential extends CommonCredential> {
  readonly module: 'hotp' | 'totp';
  readonly form: RecordForm<CredentialsRecord<Credential>>;
  /** What the module's operations are; both modules have the same ones. */
  readonly operations: Pick<typeof totp | typeof hotp, 'verify' | 'confirm' | 'resync' | 'remove' | 'allowTries'>;
  /** Whether no code counts while the clock is behind. */
  readonly needsClock: boolean;
  /** The numbers that a code may belong to, the likeliest first; always as many. */
  readonly window: (credential: Credential, moment: Moment) => readonly number[];
  /** Where a device that went astray is looked for. */
  readonly wideWindow: (credential: Credential, moment: Moment) => { readonly from: number; readonly to: number };
  /** Where two codes in a row are accepted from; absent: nowhere but in the window. */
  readonly farWindow?: (credential: Credential) => { readonly from: number; readonly to: number };
  /** The credential once the code of `counter` was given: that one is spent, and every one before. */
  readonly spend: (credential: Credential, counter: number, moment: Moment) => Credential;
  /** The credential in an epoch later than its own; undefined if it waits for a person. */
  readonly afterRestore: (credential: Credential, restoredAtUnixMs: number) => Credential | undefined;
  /** Tried in place of one that is not there. */
  readonly nobodys: Credential;
}
