// `chatelaine keyslot …`: the ways to open the keep.

import { keyslots, system } from '@chatelaine/contract';
import { askKeep, askLocalKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { confirm } from '../terminal/confirm.ts';
import { formatMoment } from '../terminal/moment.ts';
import { print, printJson, say } from '../terminal/output.ts';
import { readPassPhrase, readSecretFile } from '../terminal/secret-input.ts';
import { formatTable, terminalWidth } from '../terminal/table.ts';
import { awaitRotation } from './rotate.ts';
import { forgetCredential } from './systemd-creds.ts';

const ADD_DEADLINE_MS = 120_000;

export const listKeyslots = (options: GlobalOptions & { readonly json?: boolean }): Promise<void> =>
  askKeep(options, async (client) => {
    const answer = answerOf(await client.call(keyslots.list, {}));
    const slots = answer.slots.toSorted((a, b) => a.createdAtUnixMs - b.createdAtUnixMs);
    if (options.json === true) return await printJson(slots);
    const kindOf = ({ kind, threshold, shares }: keyslots.KeySlotView): string =>
      threshold === undefined ? kind : `${threshold} of ${shares} shares`;
    const rows = slots.map((slot) => [slot.id, kindOf(slot), formatMoment(slot.createdAtUnixMs), slot.label]);
    const columns = [{ title: 'ID' }, { title: 'KIND' }, { title: 'MADE' }, { title: 'LABEL', isFlexible: true }];
    await print(formatTable(columns, rows, terminalWidth()));
  });

export interface AddKeyslotOptions extends GlobalOptions {
  readonly keyFile?: string;
  readonly label?: string;
  readonly json?: boolean;
}

export const addKeyslot = (options: AddKeyslotOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const { keyFile } = options;
    // Asked first, so that nobody types a pass phrase twice for a keep that is sealed.
    answerOf(await client.call(keyslots.list, {}));
    const secret =
      keyFile === undefined
        ? await readPassPhrase({ name: 'pass phrase', isNew: true })
        : await readSecretFile(keyFile);
    try {
      const kind = keyFile === undefined ? 'pass-phrase' : 'key-file';
      const input = { kind, secret, label: options.label ?? '' } as const;
      const { slot } = answerOf(await client.call(keyslots.add, input, { deadlineMs: ADD_DEADLINE_MS }));
      if (options.json === true) await printJson(slot);
      else say(`Key slot ${slot.id} opens the keep now, too.`);
    } finally {
      secret.fill(0);
    }
  });

export interface RemoveKeyslotOptions extends GlobalOptions {
  readonly yes?: boolean;
  readonly rotateRoot?: boolean;
}

export const removeKeyslot = (id: string, options: RemoveKeyslotOptions): Promise<void> =>
  askLocalKeep(options, async (client, { keep }) => {
    await confirm(`Remove the key slot ${id}?`, options.yes === true);
    answerOf(await client.call(keyslots.remove, { id }), id);
    await forgetCredential(keep.directory, id);
    say(`Key slot ${id} is removed.`);
    say('Backups made before still open with it: destroy them, or keep its secret as safe as ever.');
    if (options.rotateRoot !== true) {
      return say(
        'Who opened it once may know the root key, and open later backups: chatelaine rotate --root ends that.',
      );
    }
    const { rootKeyId } = answerOf(await client.call(system.rotate, { root: true, data: false }));
    await awaitRotation(client);
    say(`The root key is ${rootKeyId} now; backups made from now on do not open with the old one.`);
  });
