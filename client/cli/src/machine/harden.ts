// `chatelaine machine harden NAME | --all`: a machine that was taken over with Mandos's looser rules of liveness gets the
// strict ones. What changes is shown first, rule by rule.

import { randomUUID } from 'node:crypto';
import { type Client, machines } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { confirm } from '../terminal/confirm.ts';
import { formatSpan } from '../terminal/moment.ts';
import { printJson, say } from '../terminal/output.ts';
import { formatTable } from '../terminal/table.ts';
import { readAllMachines } from './each-page.ts';

/** Settings as they are written in the rules; of many machines only their names. */
interface Written {
  readonly timeout: string;
  readonly extended: string;
  readonly interval: string;
  readonly twoIntervals: string;
}

const writtenFor = (settings: machines.MachineSettings | undefined): Written =>
  settings === undefined
    ? {
        timeout: 'its timeout',
        extended: 'its extended timeout',
        interval: 'its interval',
        twoIntervals: 'two intervals',
      }
    : {
        timeout: formatSpan(settings.timeoutMs),
        extended: formatSpan(settings.extendedTimeoutMs),
        interval: formatSpan(settings.intervalMs),
        twoIntervals: formatSpan(2 * settings.intervalMs),
      };

const columns = [{ title: 'WHEN' }, { title: 'SO FAR' }, { title: 'FROM THEN ON' }];

/** The rules that differ, before and after. */
export const hardeningRules = (settings?: machines.MachineSettings): readonly (readonly string[])[] => {
  const { timeout, extended, interval, twoIntervals } = writtenFor(settings);
  return [
    ['a check succeeds', `${timeout} from its end`, `${timeout} from its start, if its time still runs`],
    ['it gets its secret', `${extended} from then, each time`, `${extended} from then, once per successful check`],
    ['this server starts', `${interval} more, up to twice that`, 'no time is gained'],
    ['its time runs out', 'disabled', 'expired, on record, even while this server is down'],
    ['a person enables it', `${twoIntervals} to be found alive`, `${timeout} to be found alive`],
  ];
};

const chooseMachines = async (client: Client, name: string | undefined): Promise<machines.MachineView[]> => {
  if (name === undefined) return (await readAllMachines(client)).filter(({ settings }) => settings.compat === 'mandos');
  return [answerOf(await client.call(machines.show, { name }), name)];
};

export interface HardenOptions extends GlobalOptions {
  readonly all?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export const hardenMachines = (name: string | undefined, options: HardenOptions): Promise<void> =>
  askKeep(options, async (client) => {
    if ((name === undefined) === (options.all !== true)) {
      throw new Failure('usage', 'Name a machine, or say --all.', 'Not both.');
    }
    const chosen = (await chooseMachines(client, name)).filter(({ settings }) => settings.compat === 'mandos');
    const names = chosen.map((machine) => machine.name);
    if (chosen.length === 0) {
      say(`${name ?? 'Every machine'} is under the strict rules already.`);
      return options.json === true ? await printJson({ hardened: [] }) : undefined;
    }
    const [first] = names.length === 1 ? chosen : [];
    process.stderr.write(formatTable(columns, hardeningRules(first?.settings)));
    const which = first?.name ?? `these ${names.length} machines`;
    if (first === undefined) say(`\n${names.join('\n')}\n`);
    await confirm(`Apply the strict rules to ${which}?`, options.yes === true);
    for (const [at, machine] of names.entries()) {
      const input = { name: machine, settings: {}, clear: ['compat' as const] };
      const answer = await client.call(machines.set, input, { requestId: randomUUID() });
      if (answer.kind === 'refused' && at > 0) say(`${at} of ${names.length} were done before ${machine}.`);
      answerOf(answer, machine);
    }
    if (options.json === true) return await printJson({ hardened: names });
    say(
      names.length === 1
        ? `${which} is under the strict rules.`
        : `${names.length} machines are under the strict rules.`,
    );
  });
