// The file that says which program prints which secret. Invariant: what it does not name, nobody gets; a file with a mistake in it is
// refused as a whole. https://toml.io/

import { readFileSync } from 'node:fs';
import { parse } from 'smol-toml';
import type { WantedSecret } from './wanted-secret.ts';

/** A program and its arguments. */
export type Command = readonly string[];

/** What may be given out, and for how long it is waited for. */
export interface SecretsFile {
  readonly waitMs: number;
  /** By the volume's name; `*` stands for every volume that is not named. */
  readonly volumes: ReadonlyMap<string, Command>;
  /** By the unit's name, then by the credential's. */
  readonly units: ReadonlyMap<string, ReadonlyMap<string, Command>>;
}

/** The file cannot be used; the message names the place that is wrong. */
export class SecretsFileError extends Error {
  override readonly name = 'SecretsFileError';
}

const DEFAULT_WAIT_S = 60;
const MAX_WAIT_S = 86_400;

type Table = Readonly<Record<string, unknown>>;

const tableAt = (parent: Table, name: string): Table => {
  const found = parent[name] ?? {};
  if (typeof found === 'object' && !Array.isArray(found)) return found as Table;
  throw new SecretsFileError(`${name} must be a table`);
};

const commandsAt = (parent: Table, name: string): ReadonlyMap<string, Command> => {
  const commands = new Map<string, Command>();
  for (const [key, words] of Object.entries(tableAt(parent, name))) {
    const isCommand =
      Array.isArray(words) && words.length > 0 && words.every((word) => typeof word === 'string') && words[0] !== '';
    if (!isCommand)
      throw new SecretsFileError(`${name}.${key} must be a program and its arguments, as ["program", "argument"]`);
    commands.set(key, words);
  }
  return commands;
};

/** Reads the text of one. */
export const parseSecretsFile = (text: string): SecretsFile => {
  let whole: Table;
  try {
    whole = parse(text);
  } catch (error) {
    throw new SecretsFileError((error as Error).message.split('\n')[0] ?? 'it is not TOML');
  }
  const unknown = Object.keys(whole).find((name) => !['wait_seconds', 'volumes', 'units'].includes(name));
  if (unknown !== undefined) throw new SecretsFileError(`there is no setting ${unknown}`);
  const { wait_seconds: wait = DEFAULT_WAIT_S } = whole;
  if (typeof wait !== 'number' || !(wait > 0 && wait <= MAX_WAIT_S)) {
    throw new SecretsFileError(`wait_seconds must be a number above 0, and at most ${MAX_WAIT_S}`);
  }
  const units = tableAt(whole, 'units');
  return {
    waitMs: wait * 1000,
    volumes: commandsAt(whole, 'volumes'),
    units: new Map(Object.keys(units).map((unit) => [unit, commandsAt(units, unit)])),
  };
};

/** Reads one. Throws a {@link SecretsFileError}, or what the system says. */
export const readSecretsFile = (file: string): SecretsFile => {
  try {
    return parseSecretsFile(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof SecretsFileError) throw new SecretsFileError(`${file}: ${error.message}`);
    throw error;
  }
};

/** The program for it, if it may be given out. */
export const commandFor = ({ volumes, units }: SecretsFile, wanted: WantedSecret): Command | undefined =>
  wanted.kind === 'volume' ? (volumes.get(wanted.volume) ?? volumes.get('*')) : units.get(wanted.unit)?.get(wanted.id);
