// `chatelaine password roll-back KEY VERSION`

import { randomUUID } from 'node:crypto';
import { passwords } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { say } from '../terminal/output.ts';
import { printable } from '../terminal/printable.ts';

export const rollBackPassword = (key: string, version: string, options: GlobalOptions): Promise<void> =>
  askKeep(options, async (client) => {
    if (!/^[1-9][0-9]{0,9}$/.test(version)) {
      throw new Failure('usage', 'VERSION is not a number.', `chatelaine password show ${printable(key)} lists them.`);
    }
    const input = { key, version: Number(version) };
    const { formats } = answerOf(await client.call(passwords.rollBack, input, { requestId: randomUUID() }), key);
    say(printable(`${key} is as it was: ${formats.join(', ')}. What it was until now can be rolled back to as well.`));
  });
