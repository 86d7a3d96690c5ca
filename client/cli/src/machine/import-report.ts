// What an import treats differently than Mandos, line by line. What many machines have in common is said once.

import type { Problem } from '../clients-conf/problem.ts';
import { describeProblem } from '../clients-conf/problem.ts';

/** One difference. Without a line it is about a machine's saved state, or about everything. */
export interface ReportLine extends Omit<Problem, 'line'> {
  readonly file?: string;
  readonly line?: number;
  /** How many more places say the same. */
  readonly others?: number;
}

/** Keeps the first of those that say the same about the same option, and counts the others. */
export const withoutRepetition = (file: string, problems: readonly Problem[]): readonly ReportLine[] => {
  const first = new Map<string, { readonly line: ReportLine; others: number }>();
  for (const problem of problems) {
    const key = JSON.stringify([problem.option, problem.message]);
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, { line: { file, ...problem }, others: 0 });
    else earlier.others++;
  }
  return [...first.values()].map(({ line, others }) => (others === 0 ? line : { ...line, others }));
};

/** One line of text. */
export const describeReportLine = ({ file, line, others, ...rest }: ReportLine): string => {
  const more = others === undefined ? '' : ` (here and in ${others} more ${others === 1 ? 'place' : 'places'})`;
  const message = `${rest.message}${more}`;
  if (file === undefined) return message;
  if (line !== undefined) return describeProblem(file, { ...rest, line, message });
  return `${file}: ${rest.section === undefined ? '' : `[${rest.section}] `}${message}`;
};
