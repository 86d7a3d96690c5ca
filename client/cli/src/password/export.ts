// `chatelaine password export --trocla FILE [GLOB]`: puts keys into the store that a Trocla configuration names, so that nobody has to
// stay here. Each is on record as handed out.

import { type Client, passwords } from '@chatelaine/contract';
import type { PasswordRecord, PasswordStore } from '@chatelaine/passwords';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { confirm } from '../terminal/confirm.ts';
import { say } from '../terminal/output.ts';
import { printable } from '../terminal/printable.ts';
import { Progress } from '../terminal/progress.ts';
import { readKeys } from './each-key.ts';
import { withTroclaStore } from './trocla-store.ts';

export interface ExportOptions extends GlobalOptions {
  readonly trocla: string;
  readonly force?: boolean;
  readonly yes?: boolean;
}

const recordOf = async (client: Client, store: PasswordStore, key: string): Promise<PasswordRecord> => {
  const { values, expiry } = answerOf(await client.call(passwords.exportKey, { key }), key);
  const sealed = new Map<string, Uint8Array>();
  for (const { format, value } of values) {
    sealed.set(format, store.sealValue(value));
    value.fill(0);
  }
  const { atUnixMs, periodSeconds } = expiry ?? {};
  return {
    values: sealed,
    ...(expiry !== undefined && {
      expiry: { ...(atUnixMs !== undefined && { atUnixMs }), ...(periodSeconds !== undefined && { periodSeconds }) },
    }),
  };
};

export const exportPasswords = (glob: string | undefined, options: ExportOptions): Promise<void> =>
  askKeep(options, (client) =>
    withTroclaStore(options.trocla, async (store) => {
      const keys = await readKeys(client, glob ?? '**');
      const there = new Set(await store.keys());
      const taken = keys.filter((key) => there.has(key));
      if (taken.length > 0 && options.force !== true) {
        const named = printable(taken.slice(0, 5).join(', '));
        throw new Failure(
          'input',
          `${taken.length} keys are in that store already: ${named}.`,
          'Replace them with --force.',
        );
      }
      await confirm(
        `Put ${keys.length} keys into ${options.trocla}'s store, secrets among them?`,
        options.yes === true,
      );
      const progress = new Progress();
      const records = new Map<string, PasswordRecord>();
      for (const key of keys) {
        const record = await recordOf(client, store, key);
        if (record.values.size > 0) records.set(key, record);
        else say(printable(`left out: ${key}: its password is shown once only`));
        progress.show(() => `${records.size} of ${keys.length} keys read`);
      }
      progress.end();
      await store.putAll(records);
      for (const { values } of records.values()) for (const value of values.values()) value.fill(0);
      say(`${records.size} keys were written.`);
    }),
  );
