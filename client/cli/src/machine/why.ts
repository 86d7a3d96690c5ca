// `chatelaine machine why NAME`: the last decision about a machine, as a person wants to read it, and how it is now.

import { machines, type OutputOf } from '@chatelaine/contract';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { formatMoment } from '../terminal/moment.ts';
import { print, printJson } from '../terminal/output.ts';
import { printable } from '../terminal/printable.ts';
import { formatAgo, formatTimeLeft, stateOf } from './machine-state.ts';

type Decision = NonNullable<OutputOf<typeof machines.why>['last']>;

const verdicts: Readonly<Record<Decision['decision'], string>> = {
  released: 'got its secret',
  refused: 'was refused',
  waiting: 'is kept waiting',
};

/** Who asked: the holder of the proved key, if there is one, and who brought the question. */
const describeAsker = (name: string, last: Decision): string => {
  const isKnown = last.facts.some((fact) => fact.name === 'key-id' && fact.assurance === 'proved');
  return isKnown ? `the key of ${name} (proved), through ${last.who}` : last.who;
};

const describeSource = (last: Decision): readonly string[] => {
  const address = last.facts.find((fact) => fact.name === 'address');
  return address === undefined ? [] : [`from   ${address.value} (${address.assurance})`];
};

/** One line for the verdict, one for the reason, one for each fact. */
export const explainDecision = (name: string, last: Decision): string => {
  const reason = [last.code, last.condition && `condition "${last.condition}"`].filter(Boolean).join(', ');
  const lines = [
    `${name} ${verdicts[last.decision]}${reason === '' ? '' : `: ${reason}`}`,
    '',
    `when   ${formatMoment(last.atUnixMs)}`,
    `who    ${describeAsker(name, last)}`,
    ...describeSource(last),
    'facts',
    ...last.facts.map(({ name: fact, value, assurance }) => `  ${assurance.padEnd(8)}  ${fact} = ${value}`),
  ];
  return `${lines.map(printable).join('\n')}\n`;
};

/** How the machine is at present, which the last decision need not say any more. */
export const describePresent = (machine: machines.MachineView, nowUnixMs: number): string => {
  const parts = [
    stateOf(machine),
    machine.state === 'enabled' ? `${formatTimeLeft(machine, nowUnixMs)} left` : undefined,
    `last alive ${formatAgo(machine.lastCheckedOkAtUnixMs, nowUnixMs)}`,
    machine.pendingRequests > 0 ? `${machine.pendingRequests} waiting for a person` : undefined,
    machine.settings.compat === 'mandos' ? "under Mandos's looser rules of liveness" : undefined,
  ];
  return `now    ${parts.filter((part) => part !== undefined).join(', ')}\n`;
};

export const explainMachine = (name: string, options: GlobalOptions & { readonly json?: boolean }): Promise<void> =>
  askKeep(options, async (client) => {
    const answer = answerOf(await client.call(machines.why, { name }), name);
    if (options.json === true) return await printJson(answer);
    const machine = answerOf(await client.call(machines.show, { name }), name);
    const last = answer.last === undefined ? `${printable(name)} never asked.\n` : explainDecision(name, answer.last);
    await print(`${last}${describePresent(machine, Date.now())}`);
  });
