// `chatelaine unseal`: opens the keep with the secret of one key slot, or gives it shares.

import { type Client, system } from '@chatelaine/contract';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { formatSpan } from '../terminal/moment.ts';
import { printJson, say } from '../terminal/output.ts';
import { type GivenSecret, readSlotSecret, type SlotOptions } from './slot-options.ts';

/** A pass phrase is hashed slowly on purpose. */
const UNSEAL_DEADLINE_MS = 120_000;

export interface UnsealOptions extends GlobalOptions, SlotOptions {
  readonly json?: boolean;
}

const open = async (client: Client, { kind, parts }: GivenSecret, options: UnsealOptions): Promise<void> => {
  const [secret] = parts;
  if (kind === 'shares' || secret === undefined) throw new Error('one secret opens a slot of this kind');
  const opened = answerOf(await client.call(system.unseal, { kind, secret }, { deadlineMs: UNSEAL_DEADLINE_MS }));
  if (options.json === true) await printJson(opened);
  else say('The keep is open.');
};

const giveShares = async (client: Client, { parts }: GivenSecret, options: UnsealOptions): Promise<void> => {
  for (const [index, share] of parts.entries()) {
    const given = answerOf(await client.call(system.unsealShare, { share }));
    const isLast = !given.sealed || index === parts.length - 1;
    if (options.json === true && isLast) return await printJson(given);
    if (!given.sealed) return say('The keep is open.');
    const numbers = given.given.map((number) => `share ${number}`).join(', ');
    const missing = given.threshold - given.given.length;
    if (isLast) say(`Given: ${numbers}. ${missing} more needed within ${formatSpan(given.keptMs)}.`);
  }
};

export const unsealKeep = (options: UnsealOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const status = answerOf(await client.call(system.status, {}));
    // Asking a person for a pass phrase that is not needed would be rude, and teaches them to type it anywhere.
    if (!status.sealed) answerOf({ kind: 'refused', code: 'not-sealed' });
    const given = await readSlotSecret(options);
    try {
      await (given.kind === 'shares' ? giveShares(client, given, options) : open(client, given, options));
    } finally {
      for (const part of given.parts) part.fill(0);
    }
  });
