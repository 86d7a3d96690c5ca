// Reads the configuration file. Invariant: what comes back was checked whole, and what is wrong is named with its line.
// Root reads only a file that nobody else could have written. TOML 1.0.0

import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { parse as parseToml, TomlError } from 'smol-toml';
import { z } from 'zod';
import { ConfigError, type ConfigProblem } from './config-error.ts';
import { commonOptions, type TableName, tableNames } from './config-tables.ts';
import { issueText } from './issue-text.ts';
import { tomlPositions } from './toml-positions.ts';
import { nearestWord, unknownOptions } from './unknown-options.ts';

/** Where the configuration is if nothing else is said. */
export const defaultConfigPath = '/etc/chatelaine/chatelaine.toml';

const longestBytes = 1024 * 1024;

const commonSchema = z.object(commonOptions);

/** The schemas of the tables that a program uses. */
type Tables = Readonly<Partial<Record<TableName, z.ZodType>>>;

/** What every program gets, and the tables it asked for. */
export type Config<T extends Tables = Record<never, never>> = Readonly<z.output<typeof commonSchema>> & {
  /** Where it was read from; `undefined` if there is none and everything is at its default. */
  readonly file: string | undefined;
} & { readonly [K in keyof T]: T[K] extends z.ZodType ? Readonly<z.output<T[K]>> : never };

/** The path that was given, else `$CHATELAINE_CONFIG`, else {@link defaultConfigPath}. */
export const configPath = (given?: string): string => given ?? (process.env['CHATELAINE_CONFIG'] || defaultConfigPath);

/** Why root must not read it, if it must not. */
const ownershipProblem = (descriptor: number): string | undefined => {
  if (process.geteuid?.() !== 0) return undefined;
  const { uid, mode } = fstatSync(descriptor);
  if (uid !== 0) return 'must belong to root, which reads it: chown root';
  return (mode & 0o022) === 0 ? undefined : 'must not be writable by its group or others: chmod go-w';
};

const unreadable: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read by this account',
  EISDIR: 'is a directory',
};

const readSource = (file: string): string => {
  let descriptor: number | undefined;
  try {
    // O_NONBLOCK: a pipe in its place must not hang the start.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw new ConfigError(file, [{ message: 'is not a regular file' }]);
    if (stat.size > longestBytes) throw new ConfigError(file, [{ message: 'is larger than 1 MiB' }]);
    const problem = ownershipProblem(descriptor);
    if (problem !== undefined) throw new ConfigError(file, [{ message: problem }]);
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(descriptor));
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    if (error instanceof TypeError) throw new ConfigError(file, [{ message: 'is not UTF-8 text' }]);
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new ConfigError(file, [{ message: unreadable[code] ?? `cannot be read (${code})` }], { cause: error });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
};

const parseSource = (file: string, source: string): Record<string, unknown> => {
  try {
    return parseToml(source);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // Its message goes on with an excerpt of the file, which may hold anything.
    const words = (error.message.split('\n')[0] ?? '').replace(/^Invalid TOML document: /, '');
    throw new ConfigError(file, [{ line: error.line, column: error.column, message: `is no valid TOML: ${words}` }]);
  }
};

const unknownText = (name: string, known: readonly string[]): string => {
  const meant = nearestWord(name, known);
  const hint = meant === undefined ? `known here: ${known.join(', ')}` : `did you mean ${meant}?`;
  return `is not an option; ${hint}`;
};

/** Reads the values at the edge once: `raw` as the parser gave them, in and out by one schema. */
const checkValues = <T extends Tables>(
  file: string,
  source: string,
  raw: Record<string, unknown>,
  tables: T,
): unknown => {
  const positionOf = tomlPositions(source);
  const problems: ConfigProblem[] = [];
  const report = (path: readonly PropertyKey[], message: string): void => {
    const parts = path.filter((part) => typeof part !== 'symbol');
    const position = positionOf(parts);
    const field = parts.map((part, index) =>
      typeof part === 'number' ? `[${part + 1}]` : index === 0 ? part : `.${part}`,
    );
    problems.push({
      ...(position && { line: position.line }),
      ...(field.length > 0 && { field: field.join('') }),
      message,
    });
  };

  // A table that was not written is an empty one, so that its defaults apply; another process's table is left to it.
  const schema = z.object({ ...commonOptions, ...tables } as z.ZodRawShape);
  const known = [...Object.keys(commonOptions), ...tableNames];
  for (const name of Object.keys(raw)) if (!known.includes(name)) report([name], unknownText(name, known));
  const own = Object.fromEntries(['log', ...Object.keys(tables)].map((name) => [name, raw[name] ?? {}]));
  const values = { ...raw, ...own };

  const unknown = unknownOptions(schema, own).filter(({ path }) => path.length > 1);
  for (const { path, known: names } of unknown) report(path, unknownText(String(path.at(-1)), names));
  const checked = schema.safeParse(values, { error: issueText });
  for (const issue of checked.error?.issues ?? []) {
    if (issue.code !== 'unrecognized_keys') report(issue.path, issue.message);
  }
  const [first, ...others] = problems.sort((one, other) => (one.line ?? Infinity) - (other.line ?? Infinity));
  if (first !== undefined) throw new ConfigError(file, [first, ...others]);
  return checked.data;
};

/**
 * Reads and checks the configuration. A file that was named must exist; the default one may be absent, and everything is at its
 * default then. Tables of other processes are passed over, tables of nobody are an error.
 *
 * @param path the file, or `undefined` for `$CHATELAINE_CONFIG` or the default.
 * @param tables the schema of each table the program uses, as `{ keep: keepTable }`.
 * @throws {ConfigError} with every problem found and its line.
 *
 * @example
 * ```ts
 * const config = loadConfig(options.config, { keep: keepTable });
 * config.keep.socket; // '/run/chatelaine/keep/keep.sock'
 * ```
 */
export const loadConfig = <const T extends Tables>(path: string | undefined, tables: T): Config<T> => {
  const file = configPath(path);
  const isDefault = path === undefined && !process.env['CHATELAINE_CONFIG'];
  let source: string | undefined;
  try {
    source = readSource(file);
  } catch (error) {
    const isAbsent =
      error instanceof ConfigError && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
    if (!isDefault || !isAbsent) throw error;
  }
  const text = source ?? '';
  const values = checkValues(file, text, parseSource(file, text), tables);
  return { ...(values as Config<T>), file: source === undefined ? undefined : file };
};
