// `chatelaine machine show NAME`: one machine with its settings, never its secret.

import { machines } from '@chatelaine/contract';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { hasColours, paint } from '../terminal/colour.ts';
import { formatMoment, formatSize, formatSpan } from '../terminal/moment.ts';
import { print, printJson } from '../terminal/output.ts';
import { printable } from '../terminal/printable.ts';
import { type Conditions, conditionsOf, type Placed } from './conditions.ts';
import { describeApproval, describeCodeRule } from './describe-approval.ts';
import { colourOfState, formatAgo, formatCheckerStatus, formatTimeLeft, stateOf } from './machine-state.ts';
import { formatTimeWindow } from './time-window.ts';

type Line = readonly [label: string, text: string | undefined];

const stateLines = (machine: machines.MachineView, nowUnixMs: number): readonly Line[] => {
  const { enabledAtUnixMs, lastCheckedOkAtUnixMs, lastApprovalRequestAtUnixMs } = machine;
  const since = machine.enabled && enabledAtUnixMs !== undefined ? `, since ${formatMoment(enabledAtUnixMs)}` : '';
  const expired = machine.expiresAtUnixMs === undefined ? '' : `, since ${formatMoment(machine.expiresAtUnixMs)}`;
  const moment = (atUnixMs: number): string => `${formatMoment(atUnixMs)}, ${formatAgo(atUnixMs, nowUnixMs)}`;
  return [
    ['state', `${stateOf(machine)}${machine.state === 'expired' ? expired : since}`],
    ['time left', machine.state === 'enabled' ? formatTimeLeft(machine, nowUnixMs) : undefined],
    ['last alive', lastCheckedOkAtUnixMs === undefined ? 'never' : moment(lastCheckedOkAtUnixMs)],
    ['last check', formatCheckerStatus(machine.lastCheckerStatus) + (machine.checkerRunning ? ', one runs now' : '')],
    ['requests waiting', machine.pendingRequests === 0 ? undefined : String(machine.pendingRequests)],
    [
      'last to be approved',
      lastApprovalRequestAtUnixMs === undefined ? undefined : moment(lastApprovalRequestAtUnixMs),
    ],
  ];
};

const inherited = ({ from }: Placed<unknown>): string => {
  if (from === undefined) return '';
  return from === '' ? ', as for all machines' : `, as for all below ${from}`;
};

const conditionLines = ({ approval, window, oneTimeCode, type }: Conditions): readonly Line[] => [
  ['type', type && type.value + inherited(type)],
  ['approvers', approval && describeApproval(approval.value) + inherited(approval)],
  ['one-time code of', oneTimeCode && describeCodeRule(oneTimeCode.value) + inherited(oneTimeCode)],
  ['hours', window && formatTimeWindow(window.value) + inherited(window)],
];

const settingsLines = ({ settings }: machines.MachineView): readonly Line[] => [
  ['host', settings.host],
  ['checker', settings.checker],
  ['heartbeat key', settings.heartbeatKey],
  ['liveness', settings.compat === 'mandos' ? 'as Mandos has it; chatelaine machine harden changes that' : 'strict'],
  ['timeout', formatSpan(settings.timeoutMs)],
  ['extended timeout', formatSpan(settings.extendedTimeoutMs)],
  ['interval', formatSpan(settings.intervalMs)],
  ['approval delay', formatSpan(settings.approvalDelayMs)],
  ['approval duration', formatSpan(settings.approvalDurationMs)],
  ['approved by default', settings.approvedByDefault ? 'yes' : 'no'],
];

const linesOf = (machine: machines.MachineView, conditions: Conditions, nowUnixMs: number): readonly Line[] => [
  ['name', machine.name],
  ...stateLines(machine, nowUnixMs),
  ['key id', machine.keyId ?? 'none: it cannot be served'],
  ['fingerprint', machine.fingerprint],
  ['enrolled', formatMoment(machine.createdAtUnixMs)],
  ['secret', `${formatSize(machine.secretSizeBytes)}, set ${formatMoment(machine.secretSetAtUnixMs)}`],
  ...settingsLines(machine),
  ...conditionLines(conditions),
];

export const showMachine = (name: string, options: GlobalOptions & { readonly json?: boolean }): Promise<void> =>
  askKeep(options, async (client) => {
    const machine = answerOf(await client.call(machines.show, { name }), name);
    if (options.json === true) return await printJson(machine);
    const isColoured = hasColours();
    const { rules } = answerOf(await client.call(machines.rules, {}));
    const lines = linesOf(machine, conditionsOf(machine, rules), Date.now()).filter(
      (line): line is [string, string] => line[1] !== undefined,
    );
    const text = lines.map(([label, value]) => {
      const colour = label === 'state' ? colourOfState(stateOf(machine)) : undefined;
      return `${`${label}:`.padEnd(20)} ${paint(printable(value), colour, isColoured)}\n`;
    });
    await print(text.join(''));
  });
