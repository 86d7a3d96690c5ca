// Keys as people see them: never a value. Globs are evaluated here, since the store cannot read the names.

import { ok, passwords, refuse } from '@chatelaine/contract';
import { answer, type BoundOperation, stream } from '../../kernel/module.ts';
import { matchesPath } from '../../kernel/policy.ts';
import { type KeyRecord, listKeys, live, readKey } from './key-record.ts';
import type { PasswordsContext } from './passwords-context.ts';
import { readVersions } from './versions.ts';

const viewOf = (key: string, record: KeyRecord): passwords.PasswordKeyView => {
  const { values, createdAtUnixMs, changedAtUnixMs, expiry, hashOnly, showing, shown } = record;
  return {
    key,
    formats: values.map(({ name }) => name),
    createdAtUnixMs,
    changedAtUnixMs,
    ...(expiry?.atUnixMs !== undefined && { expiresAtUnixMs: expiry.atUnixMs }),
    ...(expiry?.periodSeconds !== undefined && {
      periodSeconds: expiry.periodSeconds,
    }),
    hashOnly,
    ...(showing !== undefined && { beingShownTo: showing.to }),
    ...(shown !== undefined && { shown }),
  };
};

const show: BoundOperation = answer(passwords.show, async ({ input: { key }, moment: { nowUnixMs } }, tx) => {
  const record = live(await readKey(tx, key), nowUnixMs);
  if (record === undefined) return refuse('not-found');
  const versions = (await readVersions(tx, key, nowUnixMs)).map(
    ({ number, replacedAtUnixMs, untilUnixMs, values }) => ({
      ...{ number, replacedAtUnixMs, untilUnixMs },
      formats: values.map(({ name }) => name),
    }),
  );
  return ok({ ...viewOf(key, record), versions });
});

/** The whole segments that everything begins with that a glob stands for. */
const literalStart = (glob: string): readonly string[] => {
  const parts = glob.split('/');
  const first = parts.findIndex((part) => part.includes('*'));
  return first < 0 ? parts : parts.slice(0, first);
};

const list: BoundOperation = answer(passwords.list, async ({ input, moment: { nowUnixMs } }, tx) => {
  const { glob, limit, cursor } = input;
  const page = await listKeys(tx, literalStart(glob), cursor === undefined ? { limit } : { limit, cursor });
  const keys = page.keys
    .filter(({ key, record }) => matchesPath(glob, key) && live(record, nowUnixMs) !== undefined)
    .map(({ key, record }) => viewOf(key, record));
  return ok(page.cursor === undefined ? { keys } : { keys, cursor: page.cursor });
});

async function* listening(): AsyncGenerator<passwords.PasswordEvent> {
  yield { kind: 'listening' };
}

const events = (context: PasswordsContext): BoundOperation =>
  stream(passwords.events, async (_call, signal) => context.events.listen(listening(), signal));

export const showKeys = (context: PasswordsContext): readonly BoundOperation[] => [show, list, events(context)];
