// The machines of clients.conf for a server that starts. A stanza that is wrong costs only its own machine, which gets nothing
// until it is mended: Mandos stops as a whole. Only what is wrong with more than one machine, or leaves open what the file says,
// stops the start: then Mandos would be wrong to go on, too.

import type { machines } from '@chatelaine/contract';
import type { ReadSecretFile } from '../clients-conf/client-values.ts';
import { readClients } from '../clients-conf/clients.ts';
import type { Problem } from '../clients-conf/problem.ts';

export interface Stanzas {
  readonly machines: readonly machines.NewMachine[];
  /** Names of the stanzas that are wrong. */
  readonly wrong: ReadonlySet<string>;
  /** Everything that is wrong. */
  readonly problems: readonly Problem[];
  /** Why nothing of the file may be used, if so. */
  readonly stop: string | undefined;
  readonly notes: readonly Problem[];
  readonly differences: readonly Problem[];
}

const sharedKeys = (all: readonly machines.NewMachine[]): boolean => {
  const keys = all.flatMap(({ keyId }) => keyId ?? []);
  return new Set(keys).size < keys.length;
};

const reasonToStop = (problems: readonly Problem[], all: readonly machines.NewMachine[]): string | undefined => {
  if (problems.length === 0) return undefined;
  if (all.length === 0) return 'what the file says cannot be told, such as which machine a line belongs to';
  if (problems.some(({ section }) => section === undefined || section === 'DEFAULT')) {
    return 'what is wrong below [DEFAULT] goes for every machine';
  }
  if (sharedKeys(all)) return 'two machines with one key would be the same to the server, and one could not be cut off';
  return undefined;
};

/** Reads them. */
export const readStanzas = (text: Uint8Array, readSecretFile: ReadSecretFile): Stanzas => {
  const { machines: read, problems, notes, differences } = readClients(text, readSecretFile);
  const all = read.map(({ machine }) => machine);
  const wrong = new Set(problems.flatMap(({ section }) => section ?? []));
  return {
    machines: all.filter(({ name }) => !wrong.has(name)),
    wrong,
    problems,
    stop: reasonToStop(problems, all),
    notes,
    differences,
  };
};
