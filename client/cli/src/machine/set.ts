// `chatelaine machine set NAME`: changes settings of a machine. The checker and the type are capabilities of their own, since the one
// is a command that runs on this server and the other decides what is granted, and so each is asked for on its own, after the others.

import { randomUUID } from 'node:crypto';
import { type Client, machines, type Result, users } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { printJson, say } from '../terminal/output.ts';
import { unknownCheckerValues } from './checker-values.ts';
import { patchOf, type SettingsOptions } from './settings-options.ts';

export interface SetOptions extends GlobalOptions, SettingsOptions {
  readonly json?: boolean;
}

/** Says what is allowed and yet is hardly meant. */
const sayDoubts = async (client: Client, machine: machines.MachineView): Promise<void> => {
  const { approval, oneTimeCode, checker, heartbeatKey } = machine.settings;
  if (approval !== undefined) {
    const known = await client.call(machines.approvers, {});
    const names = known.kind === 'ok' ? known.value.approvers.map(({ name }) => name) : approval.approvers;
    for (const name of approval.approvers.filter((approver) => !names.includes(approver))) {
      say(`note: nobody is known as ${name} yet: chatelaine approver add ${name} KEYFILE.pub`);
    }
  }
  for (const name of oneTimeCode?.users ?? []) {
    const known = await client.call(users.show, { name });
    if (known.kind === 'refused' && known.code === 'not-found') {
      say(`note: nobody is known as ${name} yet: chatelaine user add ${name}`);
    }
  }
  for (const value of unknownCheckerValues(checker)) {
    say(`note: the checker asks for %(${value})s, which no machine has; it cannot run like that`);
  }
  const isHeartbeat = machines.parseBuiltInChecker(checker)?.kind === 'heartbeat';
  if (isHeartbeat && heartbeatKey === undefined) say('note: @heartbeat needs --heartbeat-key FILE');
  if (!isHeartbeat && heartbeatKey !== undefined) {
    say('note: the checker does not ask for the heartbeat key: --checker @heartbeat; "machine token" does');
  }
};

export const setMachine = (name: string, options: SetOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const {
      settings: { checker, type: given, ...settings },
      clear,
    } = await patchOf(options);
    const hasSettings = Object.keys(settings).length > 0 || clear.length > 0;
    const type = options.type === false ? null : given;
    if (!hasSettings && checker === undefined && type === undefined)
      throw new Failure('usage', 'No setting is given.', 'See --help.');
    let changed = false;
    if (hasSettings) {
      const input = { name, settings, clear: [...clear] };
      changed = answerOf(await client.call(machines.set, input, { requestId: randomUUID() }), name).changed;
    }
    const setAlone = (answer: Result<{ readonly changed: boolean }>, setting: string): void => {
      if (answer.kind === 'refused' && changed) say(`Other settings of ${name} are changed, its ${setting} is not.`);
      changed = answerOf(answer, name).changed || changed;
    };
    if (checker !== undefined) {
      setAlone(await client.call(machines.setChecker, { name, checker }, { requestId: randomUUID() }), 'checker');
    }
    if (type !== undefined) {
      setAlone(await client.call(machines.setType, { name, type }, { requestId: randomUUID() }), 'type');
    }
    const machine = answerOf(await client.call(machines.show, { name }), name);
    if (options.json === true) return await printJson(machine);
    say(changed ? `${name} is changed.` : `${name} was set like that already.`);
    await sayDoubts(client, machine);
  });
