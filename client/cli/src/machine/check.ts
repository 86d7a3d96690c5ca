// `chatelaine machine check | vouch NAME`: has a machine looked at, or says that somebody did.

import { randomUUID } from 'node:crypto';
import { machines } from '@chatelaine/contract';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { say } from '../terminal/output.ts';

export const checkMachine = (name: string, options: GlobalOptions & { readonly stop?: boolean }): Promise<void> =>
  askKeep(options, async (client) => {
    const run = options.stop !== true;
    answerOf(await client.call(machines.check, { name, run }, { requestId: randomUUID() }), name);
    say(run ? `${name} is being looked at.` : `The check of ${name} is stopped.`);
  });

export const vouchForMachine = (name: string, options: GlobalOptions): Promise<void> =>
  askKeep(options, async (client) => {
    answerOf(await client.call(machines.vouch, { name }, { requestId: randomUUID() }), name);
    const machine = answerOf(await client.call(machines.show, { name }), name);
    say(`${name} counts as alive.`);
    if (machine.state !== 'enabled') say(`It is ${machine.state} all the same: chatelaine machine enable ${name}`);
  });
