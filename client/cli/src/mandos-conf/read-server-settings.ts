// Reads a mandos.conf: one section [DEFAULT], nothing interpolated. mandos.conf(5)

import { readBoolean } from '../clients-conf/boolean.ts';
import type { Problem } from '../clients-conf/problem.ts';
import { type RawOption, readSections } from '../clients-conf/read-sections.ts';

export interface ServerSettings {
  /** By name; only what stands in the file and is not empty. */
  readonly options: ReadonlyMap<string, RawOption>;
  readonly problems: readonly Problem[];
}

const booleans = ['debug', 'use_dbus', 'use_ipv6', 'restore', 'foreground', 'zeroconf'];
const numbers = ['port', 'socket'];

const problemOf = (name: string, { value, line }: RawOption): Problem | undefined => {
  const problem = (message: string): Problem => ({ line, section: 'DEFAULT', option: name, message });
  if (booleans.includes(name) && readBoolean(value) === undefined) {
    return problem('is neither yes nor no (1/yes/true/on, 0/no/false/off)');
  }
  return numbers.includes(name) && !/^[0-9]+$/.test(value) ? problem('is not a whole number') : undefined;
};

/** Reads the text of a mandos.conf. */
export const readServerSettings = (text: Uint8Array): ServerSettings => {
  const raw = readSections(text);
  // An option that is there and empty is the same as one that is not there.
  const options = new Map([...raw.defaults].filter(([, { value }]) => value !== ''));
  const wrong = [...options].flatMap(([name, option]) => problemOf(name, option) ?? []);
  return { options, problems: [...raw.problems, ...wrong] };
};
