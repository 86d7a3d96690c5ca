// Reads the configuration file. Invariant: what comes back was checked whole, and what is wrong is named with its line.
// Root reads only a file that nobody else could have written. TOML 1.0.0

import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { parse as parseToml, TomlError } from 'smol-toml';
import * as z from 'zod';
import { ConfigError, type ConfigProblem } from './config-error.ts';
import { baseConfig, tableNames } from './config-tables.ts';
import { issueText } from './issue-text.ts';
import { tomlPositions } from './toml-positions.ts';
import { nearestWord, unknownOptions } from './unknown-options.ts';

/** Where the configuration is if nobody says otherwise. */
const standardPath = '/etc/chatelaine/chatelaine.toml';

const longestBytes = 1024 * 1024;

/** What every program gets, the tables it asked for, and where they were read from. */
export type Config<S extends z.ZodObject> = Readonly<z.output<typeof baseConfig>> &
  Readonly<z.output<S>> & {
    /** `undefined` if there is no file and everything is at its default. */
    readonly file: string | undefined;
  };

/** The path to read if none was given: `$CHATELAINE_CONFIG`, else `/etc/chatelaine/chatelaine.toml`. */
export const defaultConfigPath = (): string => process.env['CHATELAINE_CONFIG'] || standardPath;

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

/** Checks all values of the tables that are the program's own, and reports everything that is wrong. */
const checkValues = (file: string, source: string, raw: Record<string, unknown>, tables: z.ZodRawShape): unknown => {
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
  const schema = z.object({ ...baseConfig.shape, ...tables });
  const known = [...Object.keys(baseConfig.shape), ...tableNames];
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
 * Reads and checks the configuration. The file must exist, but for the one in the standard place: without it everything is at its
 * default. Tables of other processes are passed over, tables of nobody are an error.
 *
 * @param path the file, or `undefined` for {@link defaultConfigPath}.
 * @param schema an object of the schemas of the tables that the program uses.
 * @throws {ConfigError} with every problem found and its line.
 *
 * @example
 * ```ts
 * const config = loadConfig(options.config, z.object({ keep: keepTable }));
 * config.keep.socket; // '/run/chatelaine/keep/keep.sock'
 * ```
 */
export const loadConfig = <S extends z.ZodObject>(path: string | undefined, schema: S): Config<S> => {
  const file = path ?? defaultConfigPath();
  let source: string | undefined;
  try {
    source = readSource(file);
  } catch (error) {
    const isAbsent =
      error instanceof ConfigError && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
    if (file !== standardPath || !isAbsent) throw error;
  }
  const text = source ?? '';
  const values = checkValues(file, text, parseSource(file, text), schema.shape);
  return { ...(values as Config<S>), file: source === undefined ? undefined : file };
};
