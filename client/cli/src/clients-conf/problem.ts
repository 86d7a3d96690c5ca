// What is wrong with a clients.conf, said so that it can be found: the line, the section, the option. Never the value.

/** One thing that is wrong. Lines count from 1. */
export interface Problem {
  readonly line: number;
  readonly section?: string;
  readonly option?: string;
  readonly message: string;
}

/** `file:line: [section] option: message`, as far as each is known. */
export const describeProblem = (file: string, problem: Problem): string => {
  const section = problem.section === undefined ? '' : `[${problem.section}] `;
  const option = problem.option === undefined ? '' : `${problem.option}: `;
  return `${file}:${problem.line}: ${section}${option}${problem.message}`;
};
