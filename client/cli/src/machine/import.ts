// `chatelaine machine import FILE | --from DIR`: takes over the machines of a Mandos server. If anything in its files is
// wrong, nothing is imported.

import type { machines } from '@chatelaine/contract';
import { readClients } from '../clients-conf/clients.ts';
import { aboutEveryMachine } from '../clients-conf/explain-machine.ts';
import { describeProblem, type Problem } from '../clients-conf/problem.ts';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { type Restored, restoreMachine } from '../mandos-state/restore-state.ts';
import { print, printJson, say } from '../terminal/output.ts';
import { printable } from '../terminal/printable.ts';
import { Progress } from '../terminal/progress.ts';
import { enrollInBatches } from './enroll-in-batches.ts';
import { describeReportLine, type ReportLine, withoutRepetition } from './import-report.ts';
import { type ImportSources, readImportSources, type SourceOptions } from './import-sources.ts';
import { readSecretOf } from './read-import-files.ts';

export interface ImportOptions extends GlobalOptions, SourceOptions {
  readonly replace?: boolean;
  readonly check?: boolean;
  readonly report?: boolean;
  readonly json?: boolean;
}

const sayProblems = (file: string, problems: readonly Problem[], prefix = ''): void => {
  for (const problem of problems) say(printable(`${prefix}${describeProblem(file, problem)}`));
};

const restoreAll = async (
  all: readonly machines.NewMachine[],
  state: ImportSources['state'],
): Promise<{ restored: machines.NewMachine[]; lines: ReportLine[] }> => {
  if (state === undefined) return { restored: [...all], lines: [] };
  const progress = new Progress();
  const restored: machines.NewMachine[] = [];
  const lines: ReportLine[] = [];
  for (const [at, machine] of all.entries()) {
    const result: Restored | undefined = await restoreMachine(machine, state.content, Date.now());
    const about = { file: state.file, section: machine.name };
    if (result === undefined) lines.push({ ...about, message: 'was removed while Mandos ran, and is left out' });
    else restored.push(result.machine);
    const changed = result?.changed ?? [];
    if (changed.length > 0) lines.push({ ...about, message: `as changed while Mandos ran: ${changed.join(', ')}` });
    progress.show(() => `${at + 1} of ${all.length} machines`);
  }
  progress.end();
  return { restored, lines };
};

const ONCE = 'What is changed from now on is kept at once and for good; the files of Mandos are not read again.';

const reportOf = (sources: ImportSources, differences: readonly Problem[], state: ReportLine[]): ReportLine[] => [
  ...[...aboutEveryMachine, ONCE, ...(sources.server?.defaults ?? [])].map((message) => ({ message })),
  ...withoutRepetition(sources.server?.file ?? '', sources.server?.differences ?? []),
  ...withoutRepetition(sources.clientsFile, differences),
  ...state,
];

const sayWhatIsMissing = ({ missingState }: ImportSources): void => {
  if (missingState === undefined) return;
  say(`note: ${missingState} is not there. Mandos writes it when it stops; before that nobody knows which machines`);
  say('note: were disabled, removed or changed while it ran, and they are taken as clients.conf has them.');
};

const count = (number: number): string => (number === 1 ? '1 machine' : `${number} machines`);

/** `given` is a clients.conf; `-` is stdin. */
export const importMachines = async (given: string | undefined, options: ImportOptions): Promise<void> => {
  const sources = await readImportSources(given, options);
  const { clientsFile: file, server } = sources;
  const read = readClients(sources.clientsText, readSecretOf);
  const problems = [...(server?.problems ?? []), ...read.problems];
  if (server !== undefined) sayProblems(server.file, server.problems);
  sayProblems(file, read.notes, 'note: ');
  sayProblems(file, read.problems);
  if (problems.length > 0) {
    const things = problems.length === 1 ? 'One thing is' : `${problems.length} things are`;
    throw new Failure('input', `${things} wrong in ${options.from ?? file}; nothing was imported.`);
  }
  const all = read.machines.map(({ machine }) => machine);
  if (all.length === 0) say(`${file} has no machines.`);
  const { restored, lines } = await restoreAll(all, sources.state);
  const report = reportOf(sources, read.differences, lines);
  sayWhatIsMissing(sources);
  const hasJson = options.json === true;
  if (options.report === true && !hasJson) {
    await print(report.map((line) => `${printable(describeReportLine(line))}\n`).join(''));
  } else if (!hasJson) {
    for (const line of lines) say(printable(`note: ${describeReportLine(line)}`));
  }
  const reported = options.report === true ? { report } : {};
  if (options.check === true) {
    if (hasJson) await printJson({ importable: restored.map(({ name }) => name), ...reported });
    else say(`${count(restored.length)} can be imported.`);
    return;
  }
  if (restored.length === 0) return hasJson ? await printJson({ enrolled: [], replaced: [], ...reported }) : undefined;
  await askKeep(options, async (client) => {
    const result = await enrollInBatches(client, restored, options.replace === true);
    if (hasJson) return await printJson({ ...result, ...reported });
    const replaced = result.replaced.length === 0 ? '' : `, ${result.replaced.length} of them in place of earlier ones`;
    say(`${count(restored.length)} ${restored.length === 1 ? 'is' : 'are'} imported${replaced}.`);
    if (options.report !== true) say('What is treated differently than by Mandos, and why: --report --check');
  });
};
