// `chatelaine password show-once KEY`: the password is printed, and only when that is done it is destroyed. If the printing fails
// it is still there, for whoever asked.

import { randomUUID } from 'node:crypto';
import { passwords } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { confirm } from '../terminal/confirm.ts';
import { say } from '../terminal/output.ts';
import { printable } from '../terminal/printable.ts';
import { printValue } from './print-value.ts';

const DEADLINE_MS = 120_000;

export interface ShowOnceOptions extends GlobalOptions {
  readonly derive?: readonly string[];
  readonly yes?: boolean;
  readonly json?: boolean;
}

export const showPasswordOnce = (key: string, options: ShowOnceOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const question = `Show the password of ${key} and destroy it? Nothing can be derived from it afterwards.`;
    await confirm(printable(question), options.yes === true);
    for (const format of options.derive ?? []) {
      const input = { key, format, options: {} };
      answerOf(await client.call(passwords.create, input, { deadlineMs: DEADLINE_MS }), `${key}, ${format}`).value.fill(
        0,
      );
    }
    const { value, receipt } = answerOf(
      await client.call(passwords.reveal, { key }, { requestId: randomUUID(), deadlineMs: DEADLINE_MS }),
      key,
    );
    if (!(await printValue({ key, format: 'plain', value }, options.json === true))) {
      throw new Failure(
        'refused',
        'Nobody took the password; it is not destroyed.',
        'Ask again: it is kept for you alone.',
      );
    }
    const { formats } = answerOf(
      await client.call(passwords.acknowledge, { key, receipt }, { requestId: randomUUID() }),
      key,
    );
    say(printable(`The password is destroyed. What is left of it: ${formats.join(', ') || 'nothing'}.`));
  });
