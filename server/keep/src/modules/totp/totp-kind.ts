// Codes by time: the number of a code is the step of time it was made in. RFC 6238, sections 4.2, 5.2 and 6: a step is accepted
// once, and how far the device's clock is off is learned from each code.

import { totp } from '@chatelaine/contract';
import * as z from 'zod';
import { type CommonCredential, type CountedKind, defineCredentials } from '../../otp/counted-kind.ts';

/** How far off a clock is believed to be. */
const MAX_DRIFT_STEPS = 120;

export interface TotpCredential extends CommonCredential {
  readonly periodSeconds: number;
  readonly window: number;
  /** How many steps its clock is ahead; below 0, behind. */
  readonly driftSteps: number;
}

const form = defineCredentials('credentials by time', {
  periodSeconds: z.number().int(),
  window: z.number().int(),
  driftSteps: z.number().int(),
});

/** The step of time, counted from 1970. */
const stepAt = (unixMs: number, { periodSeconds }: Pick<TotpCredential, 'periodSeconds'>): number =>
  Math.floor(unixMs / (periodSeconds * 1_000));

export const totpKind: CountedKind<TotpCredential> = {
  module: 'totp',
  form,
  operations: totp,
  needsClock: true,
  // Where the device was last, and where it should be: whoever typed late once, or set the clock right, is not kept out.
  window: (credential, { nowUnixMs }) => {
    const now = stepAt(nowUnixMs, credential);
    const around = (likeliest: number): number[] => {
      const steps = [likeliest];
      for (let off = 1; off <= credential.window; off++) steps.push(likeliest - off, likeliest + off);
      return steps;
    };
    return [...around(now + credential.driftSteps), ...around(now)];
  },
  wideWindow: (credential, { nowUnixMs }) => {
    const now = stepAt(nowUnixMs, credential);
    return { from: now - MAX_DRIFT_STEPS, to: now + MAX_DRIFT_STEPS };
  },
  spend: (credential, step, { nowUnixMs }) => {
    const drift = step - stepAt(nowUnixMs, credential);
    const driftSteps = Math.max(-MAX_DRIFT_STEPS, Math.min(MAX_DRIFT_STEPS, drift));
    return { ...credential, unspent: step + 1, driftSteps, lastUsedAtUnixMs: nowUnixMs };
  },
  // Every code that can have been accepted until then is spent.
  afterRestore: (credential, restoredAtUnixMs) => {
    const last = stepAt(restoredAtUnixMs, credential) + Math.max(0, credential.driftSteps) + credential.window;
    return { ...credential, unspent: Math.max(credential.unspent, last + 1) };
  },
  nobodys: {
    ...{ name: '', key: '', digits: 6, algorithm: 'sha1', unspent: 0, confirmed: false, createdAtUnixMs: 0, epoch: 0 },
    ...{ periodSeconds: 30, window: 1, driftSteps: 0 },
  },
};
