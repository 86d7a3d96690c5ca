// `chatelaine clock confirm`: a person says that the clock is right, although it is behind a time that was seen before.

import { randomUUID } from 'node:crypto';
import { system } from '@chatelaine/contract';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { confirm } from '../terminal/confirm.ts';
import { formatMoment, formatRoughSpan } from '../terminal/moment.ts';
import { say } from '../terminal/output.ts';

export const confirmClock = (options: GlobalOptions & { readonly yes?: boolean }): Promise<void> =>
  askKeep(options, async (client) => {
    const { clockBehindMs } = answerOf(await client.call(system.status, {}));
    if (clockBehindMs === undefined) return say('The clock is not behind; there is nothing to confirm.');
    say(`The clock of this server is ${formatRoughSpan(clockBehindMs)} behind the latest time it ever showed.`);
    say('If it was set back by somebody, machines whose time is out would have time again.');
    await confirm(`Is it ${formatMoment(Date.now())} now?`, options.yes === true);
    const { wasBehindMs } = answerOf(await client.call(system.confirmClock, {}, { requestId: randomUUID() }));
    say(wasBehindMs === 0 ? 'The clock had caught up by itself.' : 'The clock is trusted again.');
  });
