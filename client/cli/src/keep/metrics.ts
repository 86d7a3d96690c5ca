// `chatelaine metrics`: the keep's counters, as Prometheus reads them.

import { system } from '@chatelaine/contract';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { print } from '../terminal/output.ts';

export const showMetrics = (options: GlobalOptions): Promise<void> =>
  askKeep(options, async (client) => {
    await print(answerOf(await client.call(system.metrics, {})).text);
  });
