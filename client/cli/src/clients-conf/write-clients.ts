// Writes machines as a clients.conf that Mandos reads and that reads back as the same machines. What Mandos has no word for
// is told; and a machine that would be served there without a condition it has here is written as disabled.

import type { machines } from '@chatelaine/contract';
import { formatSpan } from '../terminal/moment.ts';
import { readClients } from './clients.ts';
import { formatDuration } from './format-duration.ts';

/** A machine with its secret. */
export interface MachineWithSecret {
  readonly view: machines.MachineView;
  readonly secret: Uint8Array;
}

/** Something that is not in the file as it is here. */
interface Loss {
  readonly name: string;
  readonly message: string;
}

export interface WrittenClients {
  readonly text: string;
  readonly losses: readonly Loss[];
}

const BASE64_COLUMNS = 72;

const escaped = (value: string): string => value.replaceAll('%', '%%').replaceAll('\n', '\n    ');

const base64Lines = (secret: Uint8Array): string =>
  Buffer.from(secret)
    .toString('base64')
    .replaceAll(new RegExp(`.{1,${BASE64_COLUMNS}}`, 'g'), '\n    $&');

/** Conditions that Mandos has no word for. */
const unknownConditions = ({ approval, window }: machines.MachineSettings): string =>
  [approval && 'named approvers', window && 'hours'].filter(Boolean).join(' and ');

/** Whether it is to be served there. */
const isEnabledThere = ({ state, settings }: machines.MachineView): boolean =>
  state === 'enabled' && unknownConditions(settings) === '';

const yes = (value: boolean): string => (value ? 'True' : 'False');

const stanzaOf = ({ view, secret }: MachineWithSecret): string => {
  const { settings } = view;
  const options: readonly (readonly [name: string, value: string])[] = [
    ['key_id', view.keyId ?? ''],
    // Versions before 1.8.17 stop if it is missing.
    ['fingerprint', view.fingerprint ?? ''],
    ['host', escaped(settings.host)],
    ['checker', escaped(settings.checker)],
    ['timeout', formatDuration(settings.timeoutMs)],
    ['extended_timeout', formatDuration(settings.extendedTimeoutMs)],
    ['interval', formatDuration(settings.intervalMs)],
    ['approval_delay', formatDuration(settings.approvalDelayMs)],
    ['approval_duration', formatDuration(settings.approvalDurationMs)],
    ['approved_by_default', yes(settings.approvedByDefault)],
    ['enabled', yes(isEnabledThere(view))],
  ];
  const lines = options.map(([name, value]) => `${name} = ${value}`.trimEnd());
  return `[${view.name}]\n${lines.join('\n')}\nsecret =${base64Lines(secret)}\n`;
};

/** The same, read back by what reads Mandos's own files. */
const readBack = (stanza: string): machines.NewMachine | undefined => {
  const { machines: read, problems } = readClients(Buffer.from(stanza), () => new Uint8Array());
  return problems.length === 0 && read.length === 1 ? read[0]?.machine : undefined;
};

const durations = ['timeoutMs', 'extendedTimeoutMs', 'intervalMs', 'approvalDelayMs', 'approvalDurationMs'] as const;

/** Why a stanza says something else than the machine; `undefined` if it says the same. */
const differenceOf = (stanza: string, { view, secret }: MachineWithSecret): string | undefined => {
  const read = readBack(stanza);
  if (read === undefined) return 'cannot be written so that Mandos can read it';
  const isSame =
    read.name === view.name &&
    read.keyId === view.keyId &&
    read.fingerprint === view.fingerprint &&
    Buffer.from(read.secret).equals(secret) &&
    read.settings.host === view.settings.host &&
    read.settings.checker === view.settings.checker;
  return isSame ? undefined : 'has a name, host or checker that cannot be written in such a file';
};

const lossesOf = ({ view }: MachineWithSecret): string[] => {
  const { settings } = view;
  const messages: string[] = [];
  const conditions = unknownConditions(settings);
  if (conditions !== '' && view.state === 'enabled') {
    messages.push(`is written as disabled, because Mandos knows no ${conditions}; enable it there if that will do`);
  }
  if (view.state === 'expired') messages.push('went silent, and is written as disabled');
  if (settings.compat === undefined) messages.push("comes under Mandos's looser rules of liveness");
  if (settings.checker.trimStart().startsWith('@')) {
    messages.push('has a built-in checker, which fails there: give it a command before its time is out');
  }
  if (settings.type !== undefined) messages.push('has a type, for which Mandos has no word');
  for (const setting of durations) {
    const ms = settings[setting];
    if (ms % 1_000 !== 0) messages.push(`has ${formatSpan(ms)}, which is written without its fraction of a second`);
  }
  return messages;
};

/** Writes them in this order. A machine that cannot be written is left out and told. */
export const writeClients = (all: readonly MachineWithSecret[]): WrittenClients => {
  const losses: Loss[] = [];
  const stanzas: string[] = [];
  for (const machine of all) {
    const { name } = machine.view;
    const stanza = stanzaOf(machine);
    const difference = differenceOf(stanza, machine);
    if (difference === undefined) stanzas.push(stanza);
    const messages = difference === undefined ? lossesOf(machine) : [`${difference}; it is left out`];
    losses.push(...messages.map((message) => ({ name, message })));
  }
  return { text: stanzas.join('\n'), losses };
};
