// What is wrong with a configuration file, so that a person finds the place at once.

/** One thing that is wrong. */
export interface ConfigProblem {
  /** From 1; absent if it is about the file as a whole or about something that is not written in it. */
  readonly line?: number;
  /** From 1; only where the parser tells it. */
  readonly column?: number;
  /** The dotted path of the option, as `gate.mandos.listen`; absent if it is about the file as a whole. */
  readonly field?: string;
  /** What is wrong, in words; without the value, which may have been pasted there by mistake. */
  readonly message: string;
}

const problemText = (file: string, { line, column, field, message }: ConfigProblem): string => {
  const place = [file, line, line === undefined ? undefined : column].filter((part) => part !== undefined).join(':');
  return `${place}: ${field === undefined ? '' : `${field}: `}${message}`;
};

/** A configuration that cannot be used. Its message has one line a problem: `FILE:LINE: FIELD: WORDS`. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly file: string;
  /** In the order of the file; at least one. */
  readonly problems: readonly ConfigProblem[];
  /** Of the first problem. */
  readonly line: number | undefined;
  readonly column: number | undefined;
  readonly field: string | undefined;

  constructor(file: string, problems: readonly [ConfigProblem, ...ConfigProblem[]], options: ErrorOptions = {}) {
    super(problems.map((problem) => problemText(file, problem)).join('\n'), options);
    this.file = file;
    this.problems = problems;
    this.line = problems[0].line;
    this.column = problems[0].column;
    this.field = problems[0].field;
  }
}
