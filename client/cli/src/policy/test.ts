// `chatelaine policy test`: explains an answer of the policy.

import { policy } from '@chatelaine/contract';
import type { ExitName } from '../exit-codes.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { print, printJson } from '../terminal/output.ts';
import { printable } from '../terminal/printable.ts';

export const testPolicy = (
  principal: string,
  capability: string,
  path: string,
  options: GlobalOptions & { readonly json?: boolean },
): Promise<ExitName> =>
  askKeep(options, async (client) => {
    const answer = answerOf(await client.call(policy.test, { principal, capability, path }));
    if (options.json === true) await printJson(answer);
    else await print(`${answer.allowed ? 'allowed' : 'not allowed'}: ${printable(answer.because)}\n`);
    return answer.allowed ? 'done' : 'refused';
  });
