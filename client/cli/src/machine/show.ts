// `chatelaine machine show NAME`: one machine with its settings, never its secret.

import { machines } from '@chatelaine/contract';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { formatMoment, formatSize, formatSpan } from '../terminal/moment.ts';
import { print, printJson } from '../terminal/output.ts';
import { printable } from '../terminal/printable.ts';

const linesOf = (machine: machines.MachineView): readonly (readonly [string, string | undefined])[] => {
  const { settings, enabledAtUnixMs } = machine;
  const since = enabledAtUnixMs === undefined ? '' : ` since ${formatMoment(enabledAtUnixMs)}`;
  return [
    ['name', machine.name],
    ['state', machine.enabled ? `enabled${since}` : 'disabled'],
    ['key id', machine.keyId ?? 'none: it cannot be served'],
    ['fingerprint', machine.fingerprint],
    ['enrolled', formatMoment(machine.createdAtUnixMs)],
    ['secret', `${formatSize(machine.secretSizeBytes)}, set ${formatMoment(machine.secretSetAtUnixMs)}`],
    ['host', settings.host],
    ['checker', settings.checker],
    ['timeout', formatSpan(settings.timeoutMs)],
    ['extended timeout', formatSpan(settings.extendedTimeoutMs)],
    ['interval', formatSpan(settings.intervalMs)],
    ['approval delay', formatSpan(settings.approvalDelayMs)],
    ['approval duration', formatSpan(settings.approvalDurationMs)],
    ['approved by default', settings.approvedByDefault ? 'yes' : 'no'],
  ];
};

export const showMachine = (name: string, options: GlobalOptions & { readonly json?: boolean }): Promise<void> =>
  askKeep(options, async (client) => {
    const machine = answerOf(await client.call(machines.show, { name }), name);
    if (options.json === true) return await printJson(machine);
    const lines = linesOf(machine).filter((line): line is readonly [string, string] => line[1] !== undefined);
    await print(lines.map(([label, text]) => `${`${label}:`.padEnd(20)} ${printable(text)}\n`).join(''));
  });
