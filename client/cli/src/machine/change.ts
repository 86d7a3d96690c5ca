// `chatelaine machine enable | disable | remove NAME…`

import { randomUUID } from 'node:crypto';
import { machines } from '@chatelaine/contract';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { confirm } from '../terminal/confirm.ts';
import { say } from '../terminal/output.ts';

export const enableMachine = (name: string, options: GlobalOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const { changed } = answerOf(await client.call(machines.enable, { name }, { requestId: randomUUID() }), name);
    say(changed ? `${name} may have its secret again.` : `${name} was enabled already.`);
  });

export const disableMachine = (name: string, options: GlobalOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const { changed } = answerOf(await client.call(machines.disable, { name }, { requestId: randomUUID() }), name);
    say(changed ? `${name} gets nothing from now on.` : `${name} was disabled already.`);
  });

export const removeMachine = (name: string, options: GlobalOptions & { readonly yes?: boolean }): Promise<void> =>
  askKeep(options, async (client) => {
    answerOf(await client.call(machines.show, { name }), name);
    await confirm(`Remove ${name} and its secret?`, options.yes === true);
    answerOf(await client.call(machines.remove, { name }, { requestId: randomUUID() }), name);
    say(`${name} is removed; its key is unknown from now on.`);
  });
