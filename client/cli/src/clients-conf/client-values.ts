// One section of a clients.conf with its defaults behind it, every value expanded; each problem is collected under the line
// of the option it is about, be it the section's own or inherited.

import { decodeBase64 } from './base64.ts';
import { readBoolean } from './boolean.ts';
import { clientDefaults } from './client-defaults.ts';
import { parseDuration } from './duration.ts';
import { interpolate } from './interpolate.ts';
import type { Problem } from './problem.ts';
import type { RawOption, RawSection } from './read-sections.ts';

/** Reads the file a `secfile` names; throws as `fs` does. */
export type ReadSecretFile = (path: string) => Uint8Array;

const MAX_SECRET_BYTES = 262_144;

/** What is read so far, and what was found. */
export interface Reading {
  readonly defaults: ReadonlyMap<string, RawOption>;
  readonly readSecretFile: ReadSecretFile;
  readonly problems: Problem[];
  readonly notes: Problem[];
  readonly differences: Problem[];
}

/** One section with its defaults behind it, every value expanded. */
export class ClientValues {
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

  isSet(option: string): boolean {
    return this.#section.options.has(option) || this.#reading.defaults.has(option);
  }

  problem(option: string | undefined, message: string): Problem {
    if (option === undefined) return { line: this.#section.line, section: this.#section.name, message };
    const own = this.#section.options.get(option);
    const inherited = own === undefined ? this.#reading.defaults.get(option) : undefined;
    const section = inherited === undefined ? this.#section.name : 'DEFAULT';
    return { line: (own ?? inherited)?.line ?? this.#section.line, section, option, message };
  }

  wrong(option: string | undefined, message: string): void {
    this.#reading.problems.push(this.problem(option, message));
  }

  note(option: string | undefined, message: string): void {
    this.#reading.notes.push(this.problem(option, message));
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
    const value = readBoolean(this.text(name) ?? '');
    if (value === undefined) this.wrong(name, 'is neither yes nor no (1/yes/true/on, 0/no/false/off)');
    return value ?? false;
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
