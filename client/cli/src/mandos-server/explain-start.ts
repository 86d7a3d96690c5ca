// What a start says: what is wrong, what is treated differently than by Mandos and why, and what became of the machines.

import { aboutEveryMachine } from '../clients-conf/explain-machine.ts';
import { describeProblem } from '../clients-conf/problem.ts';
import { describeReportLine, withoutRepetition } from '../machine/import-report.ts';
import type { Stanzas } from './client-stanzas.ts';
import { DEFAULT_PORT } from './listen-addresses.ts';
import type { MergePlan } from './plan-merge.ts';
import type { ServerOptions } from './server-options.ts';

const MOST_NAMES = 20;

const named = (names: readonly string[]): string => {
  const more = names.length - MOST_NAMES;
  return `${names.slice(0, MOST_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
};

/** How the server itself differs, as far as it shows with these options. */
const aboutServer = (options: ServerOptions): readonly string[] => [
  ...(options.port === undefined
    ? [`Mandos takes any free port; here it is ${DEFAULT_PORT} unless one is named.`]
    : []),
  ...(options.restores
    ? ['State is kept from every change on, not only from a clean stop.']
    : ['restore is off: machines are as clients.conf has them, and those that were cut off otherwise are back.']),
];

/** The differences, a line each. */
export const explainDifferences = (
  options: ServerOptions,
  clientsFile: string,
  { differences, notes }: Stanzas,
  listenNotes: readonly string[],
): readonly string[] => [
  ...aboutServer(options),
  ...listenNotes,
  ...aboutEveryMachine,
  ...withoutRepetition(clientsFile, [...notes, ...differences]).map(describeReportLine),
];

/** What is wrong in clients.conf, a line each, and what it leads to. */
export const explainProblems = (file: string, { problems, wrong, stop }: Stanzas): readonly string[] => {
  if (problems.length === 0) return [];
  const lines = problems.map((problem) => describeProblem(file, problem));
  if (stop !== undefined) return [...lines, `${file} is not used: ${stop}.`];
  return [...lines, `Until that is mended these machines get nothing, all others are served: ${named([...wrong])}.`];
};

/** What became of the machines; nothing if clients.conf is as it was. */
export const explainPlan = ({ enroll, change, remove, stayAway }: MergePlan): readonly string[] => [
  ...(enroll.length > 0 ? [`new: ${named(enroll.map(({ name }) => name))}`] : []),
  ...change.map(({ machine, changed }) => {
    const options = [...changed].map((name) => (name === 'checker_command' ? 'checker' : name));
    return `changed in clients.conf: ${machine.name}, its ${options.join(', ')}`;
  }),
  ...(remove.length > 0 ? [`dropped: ${named(remove)}`] : []),
  ...(stayAway.length > 0 ? [`removed earlier, and so not served although in clients.conf: ${named(stayAway)}`] : []),
];
