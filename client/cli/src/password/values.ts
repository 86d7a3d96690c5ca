// `chatelaine password get | create | set | reset | delete`

import { randomUUID } from 'node:crypto';
import { passwords } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { confirm } from '../terminal/confirm.ts';
import { printJson, say } from '../terminal/output.ts';
import { printable } from '../terminal/printable.ts';
import { readPassword } from '../terminal/secret-input.ts';
import { type OptionWords, optionsOf } from './option-words.ts';
import { printValue } from './print-value.ts';

/** Slow formats take their time, and others may wait before. */
const DEADLINE_MS = 120_000;

interface ValueOptions extends GlobalOptions {
  readonly render?: string;
  readonly json?: boolean;
}

const partOf = ({ render }: ValueOptions) => (render === undefined ? {} : { render });

export const getPassword = (key: string, format: string, options: ValueOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const { value } = answerOf(await client.call(passwords.get, { key, format, ...partOf(options) }), key);
    await printValue({ key, format, value }, options.json === true);
  });

export const createPassword = (key: string, format: string, options: ValueOptions & OptionWords): Promise<void> =>
  askKeep(options, async (client) => {
    const input = { key, format, ...partOf(options), options: optionsOf(options) };
    const { value } = answerOf(await client.call(passwords.create, input, { deadlineMs: DEADLINE_MS }), key);
    await printValue({ key, format, value }, options.json === true);
  });

export interface ResetOptions extends ValueOptions, OptionWords {
  readonly keepDerived?: boolean;
}

export const resetPassword = (key: string, format: string, options: ResetOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const derived = options.keepDerived === true ? 'keep' : 'drop';
    const input = { key, format, ...partOf(options), options: optionsOf(options), derived } as const;
    const call = { requestId: randomUUID(), deadlineMs: DEADLINE_MS };
    const { value } = answerOf(await client.call(passwords.reset, input, call), key);
    if (value !== undefined) await printValue({ key, format, value }, options.json === true);
    else say(printable(`${key} has a new password, which is shown once only: chatelaine password show-once ${key}`));
  });

export interface SetOptions extends GlobalOptions, OptionWords {
  readonly asIs?: boolean;
}

export const setPassword = (key: string, format: string, options: SetOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const value = await readPassword({ name: options.asIs === true ? 'value' : 'password', isNew: true });
    try {
      if (value.length === 0) throw new Failure('usage', 'It is empty; nothing was changed.');
      const input = { key, format, value, asIs: options.asIs === true, options: optionsOf(options) };
      answerOf(await client.call(passwords.set, input, { requestId: randomUUID(), deadlineMs: DEADLINE_MS }), key);
    } finally {
      value.fill(0);
    }
  });

export interface DeleteOptions extends ValueOptions {
  readonly yes?: boolean;
}

export const deletePassword = (key: string, format: string | undefined, options: DeleteOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const what = format === undefined ? `${key} with all its formats` : `the ${format} of ${key}`;
    await confirm(printable(`Delete ${what} for good? It is shown once more.`), options.yes === true);
    const call = { requestId: randomUUID() };
    if (format !== undefined) {
      const { value } = answerOf(await client.call(passwords.remove, { key, format }, call), key);
      if (value === undefined) say('It was deleted without being shown.');
      else await printValue({ key, format, value }, options.json === true);
      return;
    }
    const { values } = answerOf(await client.call(passwords.removeKey, { key }, call), key);
    if (options.json === true) {
      const shown = values.map((each) => ({ format: each.format, value: Buffer.from(each.value).toString('base64') }));
      return await printJson({ key, values: shown });
    }
    for (const each of values) {
      say(`${printable(each.format)}:`);
      await printValue({ key, ...each }, false);
    }
  });
