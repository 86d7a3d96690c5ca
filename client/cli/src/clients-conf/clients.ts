// Makes machines of the sections of a clients.conf, with the options, defaults and tolerance of Mandos. Either every
// section becomes a machine or there are problems, each with its line; nothing is half understood.

import { machines } from '@chatelaine/contract';
import { decodeBase64 } from './base64.ts';
import { parseDuration } from './duration.ts';
import { interpolate } from './interpolate.ts';
import type { Problem } from './problem.ts';
import { type RawOption, type RawSection, readSections } from './read-sections.ts';

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
}

/** Reads the file a `secfile` names; throws as `fs` does. */
export type ReadSecretFile = (path: string) => Uint8Array;

/** Defaults of Mandos, as they would be written in the file. */
export const clientDefaults: Readonly<Record<string, string>> = {
  timeout: 'PT5M',
  extended_timeout: 'PT15M',
  interval: 'PT2M',
  checker: 'fping -q -- %%(host)s',
  host: '',
  approval_delay: 'PT0S',
  approval_duration: 'PT1S',
  approved_by_default: 'True',
  enabled: 'True',
};

const known = new Set([...Object.keys(clientDefaults), 'key_id', 'fingerprint', 'secret', 'secfile']);

const BOOLEANS: Readonly<Record<string, boolean>> = {
  '1': true,
  yes: true,
  true: true,
  on: true,
  '0': false,
  no: false,
  false: false,
  off: false,
};

const MAX_SECRET_BYTES = 262_144;

interface Reading {
  readonly defaults: ReadonlyMap<string, RawOption>;
  readonly readSecretFile: ReadSecretFile;
  readonly problems: Problem[];
  readonly notes: Problem[];
}

/** One section with its defaults behind it, every value expanded. */
class Client {
  readonly #section: RawSection;
  readonly #reading: Reading;
  readonly #texts = new Map<string, string>();

  constructor(section: RawSection, reading: Reading) {
    this.#section = section;
    this.#reading = reading;
    const names = [...Object.keys(clientDefaults), ...reading.defaults.keys(), ...section.options.keys()];
    for (const name of new Set(names)) {
      const expanded = interpolate(this.#raw(name) ?? '', (other) => this.#raw(other));
      if (expanded.kind === 'wrong') this.wrong(name, expanded.message);
      this.#texts.set(name, expanded.kind === 'wrong' ? '' : expanded.text);
    }
  }

  #raw(name: string): string | undefined {
    const option = this.#section.options.get(name) ?? this.#reading.defaults.get(name);
    return option?.value ?? (Object.hasOwn(clientDefaults, name) ? clientDefaults[name] : undefined);
  }

  #problem(option: string | undefined, message: string): Problem {
    if (option === undefined) return { line: this.#section.line, section: this.#section.name, message };
    const own = this.#section.options.get(option);
    const inherited = own === undefined ? this.#reading.defaults.get(option) : undefined;
    const section = inherited === undefined ? this.#section.name : 'DEFAULT';
    return { line: (own ?? inherited)?.line ?? this.#section.line, section, option, message };
  }

  wrong(option: string | undefined, message: string): void {
    this.#reading.problems.push(this.#problem(option, message));
  }

  note(option: string | undefined, message: string): void {
    this.#reading.notes.push(this.#problem(option, message));
  }

  text(name: string): string | undefined {
    return this.#texts.get(name);
  }

  duration(name: string): number {
    const ms = parseDuration(this.text(name) ?? '');
    if (ms === undefined) this.wrong(name, 'is not a duration such as "PT5M", "P1DT12H" or "5m 30s"');
    return ms ?? 0;
  }

  boolean(name: string): boolean {
    const value = (this.text(name) ?? '').toLowerCase();
    if (Object.hasOwn(BOOLEANS, value)) return BOOLEANS[value] === true;
    this.wrong(name, 'is neither yes nor no (1/yes/true/on, 0/no/false/off)');
    return false;
  }

  /** A key id or fingerprint without its spaces; absent if empty. */
  digits(name: string): string | undefined {
    const value = this.text(name)?.replaceAll(' ', '');
    return value === '' ? undefined : value;
  }

  secret(): Uint8Array {
    const [option, secret] = this.#readSecret();
    if (secret === undefined) return new Uint8Array();
    if (secret.length > MAX_SECRET_BYTES) this.wrong(option, `is larger than ${MAX_SECRET_BYTES} bytes`);
    if (secret.length === 0) this.note(option, 'is empty; the machine would get nothing');
    return secret;
  }

  #readSecret(): readonly [option: string, secret: Uint8Array | undefined] {
    const written = this.text('secret');
    if (written !== undefined) {
      const secret = decodeBase64(written);
      if (secret === undefined) this.wrong('secret', 'is not base64: its end is missing');
      return ['secret', secret];
    }
    const path = this.text('secfile');
    if (path === undefined) {
      this.wrong(undefined, 'has neither "secret" nor "secfile"');
      return ['secret', undefined];
    }
    try {
      return ['secfile', this.#reading.readSecretFile(path)];
    } catch (error) {
      this.wrong('secfile', `cannot be read: ${error instanceof Error ? error.message : 'unknown reason'}`);
      return ['secfile', undefined];
    }
  }
}

const readMachine = (section: RawSection, reading: Reading): ReadMachine => {
  const client = new Client(section, reading);
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
  };
  if (settings.host.length > 1_024) client.wrong('host', 'is longer than 1024 characters');
  if (settings.checker.length > 65_536) client.wrong('checker', 'is longer than 65536 characters');
  const machine = {
    name: section.name,
    ...(keyId !== undefined && { keyId }),
    ...(fingerprint !== undefined && { fingerprint }),
    secret: client.secret(),
    enabled: client.boolean('enabled'),
    settings,
  };
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
  const reading: Reading = { defaults: raw.defaults, readSecretFile, problems: [...raw.problems], notes: [] };
  // Sections that could not be read to the end would only add confusion.
  const read = raw.problems.length > 0 ? [] : raw.sections.map((section) => readMachine(section, reading));
  noteUnknownOptions(raw.sections, reading);
  refuseSharedKeys(read, reading.problems);
  return { machines: read, problems: inOrder(reading.problems), notes: inOrder(reading.notes) };
};
