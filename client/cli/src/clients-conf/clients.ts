// Makes machines of the sections of a clients.conf, with the options, defaults and tolerance of Mandos, and its rules of
// liveness. Either every section becomes a machine or there are problems, each with its line; nothing is half understood.

import { machines } from '@chatelaine/contract';
import { clientDefaults } from './client-defaults.ts';
import { ClientValues, type Reading, type ReadSecretFile } from './client-values.ts';
import { explainMachine } from './explain-machine.ts';
import type { Problem } from './problem.ts';
import { type RawSection, readSections } from './read-sections.ts';

/** A machine and the line its section begins at. */
interface ReadMachine {
  readonly line: number;
  readonly machine: machines.NewMachine;
}

export interface ReadClients {
  readonly machines: readonly ReadMachine[];
  /** If there is any, nothing of the file is to be used. */
  readonly problems: readonly Problem[];
  /** Worth knowing, nothing is wrong. */
  readonly notes: readonly Problem[];
  /** What is treated differently than by Mandos, and why. */
  readonly differences: readonly Problem[];
}

const known = new Set([...Object.keys(clientDefaults), 'key_id', 'fingerprint', 'secret', 'secfile']);

const readMachine = (section: RawSection, reading: Reading): ReadMachine => {
  const client = new ClientValues(section, reading);
  const name = machines.machineNameSchema.safeParse(section.name);
  if (!name.success) client.wrong(undefined, `the name ${name.error.issues[0]?.message ?? 'is wrong'}`);
  const keyId = client.digits('key_id')?.toLowerCase();
  const fingerprint = client.digits('fingerprint')?.toUpperCase();
  if (keyId !== undefined) {
    const checked = machines.keyIdSchema.safeParse(keyId);
    // A later rule is only worth saying if the earlier one holds.
    if (!checked.success) client.wrong('key_id', checked.error.issues[0]?.message ?? 'is wrong');
  } else if (fingerprint === undefined) {
    client.wrong(undefined, 'has neither "key_id" nor "fingerprint"');
  } else {
    client.note(
      'fingerprint',
      'a machine without "key_id" cannot be served: no supported TLS library speaks OpenPGP keys',
    );
  }
  if (fingerprint !== undefined && !/^[0-9A-F]{40}$/.test(fingerprint)) {
    client.wrong('fingerprint', 'must be 40 hexadecimal digits');
  }
  const settings = {
    host: client.text('host') ?? '',
    checker: client.text('checker') ?? '',
    timeoutMs: client.duration('timeout'),
    extendedTimeoutMs: client.duration('extended_timeout'),
    intervalMs: client.duration('interval'),
    approvalDelayMs: client.duration('approval_delay'),
    approvalDurationMs: client.duration('approval_duration'),
    approvedByDefault: client.boolean('approved_by_default'),
    compat: 'mandos' as const,
  };
  if (settings.host.length > 1_024) client.wrong('host', 'is longer than 1024 characters');
  const checker = machines.checkerSchema.safeParse(settings.checker);
  if (!checker.success) client.wrong('checker', checker.error.issues[0]?.message ?? 'is wrong');
  const machine = {
    name: section.name,
    ...(keyId !== undefined && { keyId }),
    ...(fingerprint !== undefined && { fingerprint }),
    secret: client.secret(),
    enabled: client.boolean('enabled'),
    settings,
  };
  const say = (option: string | undefined, message: string): Problem => client.problem(option, message);
  reading.differences.push(...explainMachine({ machine, say, isSet: (option) => client.isSet(option) }));
  return { line: section.line, machine };
};

const noteUnknownOptions = (sections: readonly RawSection[], reading: Reading): void => {
  const seen = new Map<string, { readonly line: number; count: number }>();
  for (const options of [reading.defaults, ...sections.map((section) => section.options)]) {
    for (const [name, { line }] of options) {
      const entry = seen.get(name);
      if (known.has(name)) continue;
      if (entry === undefined) seen.set(name, { line, count: 1 });
      else entry.count++;
    }
  }
  for (const [option, { line, count }] of seen) {
    const where = count === 1 ? '' : ` (here and in ${count - 1} more places)`;
    reading.notes.push({ line, option, message: `is not kept; it was only used to expand other options${where}` });
  }
};

const refuseSharedKeys = (read: readonly ReadMachine[], problems: Problem[]): void => {
  const first = new Map<string, ReadMachine>();
  for (const entry of read) {
    const { keyId } = entry.machine;
    if (keyId === undefined) continue;
    const earlier = first.get(keyId);
    if (earlier === undefined) {
      first.set(keyId, entry);
    } else {
      const message = `the same key is given to [${earlier.machine.name}] at line ${earlier.line}`;
      problems.push({ line: entry.line, section: entry.machine.name, option: 'key_id', message });
    }
  }
};

/** By line, and what every section inherits from `[DEFAULT]` only once. */
const inOrder = (problems: readonly Problem[]): Problem[] => {
  const distinct = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
  return [...distinct.values()].sort((a, b) => a.line - b.line);
};

/** Reads the text of a clients.conf. */
export const readClients = (text: Uint8Array, readSecretFile: ReadSecretFile): ReadClients => {
  const raw = readSections(text);
  const reading: Reading = {
    defaults: raw.defaults,
    readSecretFile,
    problems: [...raw.problems],
    notes: [],
    differences: [],
  };
  // Sections that could not be read to the end would only add confusion.
  const read = raw.problems.length > 0 ? [] : raw.sections.map((section) => readMachine(section, reading));
  noteUnknownOptions(raw.sections, reading);
  refuseSharedKeys(read, reading.problems);
  return {
    machines: read,
    problems: inOrder(reading.problems),
    notes: inOrder(reading.notes),
    differences: inOrder(reading.differences),
  };
};
