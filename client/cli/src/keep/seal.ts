// `chatelaine seal`: closes the keep by ending its process.

import { system } from '@chatelaine/contract';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { say } from '../terminal/output.ts';

export const sealKeep = (options: GlobalOptions): Promise<void> =>
  askKeep(options, async (client) => {
    answerOf(await client.call(system.seal, {}));
    say('The keep is closed: its process ends.');
  });
