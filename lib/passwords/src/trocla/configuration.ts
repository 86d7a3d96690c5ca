// Trocla's configuration file, merged with the built-in defaults as Trocla does it: whole sections at a time, profiles by name.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { builtInProfiles, type CreateOptions, defaultOptions, type Profiles } from '../create-options.ts';
import { asHash, loadYaml, PsychError, RubySymbol, rubyClass } from './psych-value.ts';

/** What a configuration file says. */
export interface Configuration {
  /** As `:moneta` or `chatelaine`. */
  readonly store: string;
  /** The whole section. */
  readonly storeOptions: Readonly<Record<string, unknown>>;
  readonly adapter: string | undefined;
  readonly adapterOptions: Readonly<Record<string, unknown>>;
  readonly encryption: string;
  readonly encryptionOptions: Readonly<Record<string, unknown>>;
  readonly options: CreateOptions;
  readonly profiles: Profiles;
  readonly hasHooks: boolean;
  /** `compat: trocla` asks for the original's ways where ours are safer. */
  readonly manner: 'safe' | 'trocla';
}

const defaultStoreOptions = { adapter: new RubySymbol('YAML'), adapter_options: { file: '/tmp/trocla.yaml' } };

/** The file that counts if none was named. */
const findConfigFile = (home: string | undefined): string | undefined =>
  [...(home === undefined ? [] : [path.join(home, '.troclarc.yaml')]), '/etc/troclarc.yaml'].find((file) =>
    existsSync(file),
  );

/** A name that may be written as a symbol or as a text. */
export const nameOf = (value: unknown): string | undefined =>
  value instanceof RubySymbol ? value.name : typeof value === 'string' ? value : undefined;

const hashOrEmpty = (value: unknown, field: string): Record<string, unknown> => {
  if (value === undefined || value === null) return {};
  if (rubyClass(value) !== 'Hash') throw new PsychError(`${field} in the configuration is no hash`);
  return asHash(value);
};

const profilesOf = (value: unknown): Profiles => {
  const given = value === undefined ? {} : asHash(value);
  const checked = Object.entries(given).map(
    ([name, options]) => [name, hashOrEmpty(options, `profiles.${name}`)] as const,
  );
  return { ...builtInProfiles, ...Object.fromEntries(checked) };
};

const mannerOf = (value: unknown): Configuration['manner'] => {
  if (value === undefined) return 'safe';
  const name = nameOf(value);
  if (name === 'trocla' || name === 'safe') return name;
  throw new PsychError('compat in the configuration is neither safe nor trocla');
};

/** Reads the named file, or the one that counts, or nothing. Throws `PsychError` if it says nothing that makes sense. */
export const readConfiguration = async (
  named: string | undefined,
  home: string | undefined,
): Promise<Configuration> => {
  const file = named ?? findConfigFile(home);
  const given =
    file === undefined ? {} : asHash((await loadYaml(readFileSync(file, 'utf8'), { symbols: true })) ?? null);
  const storeOptions = hashOrEmpty(given['store_options'] ?? defaultStoreOptions, 'store_options');
  const adapter = nameOf(given['adapter'] ?? storeOptions['adapter']);
  return {
    store: nameOf(given['store']) ?? 'moneta',
    storeOptions,
    adapter,
    adapterOptions: hashOrEmpty(
      given['adapter_options'] ?? storeOptions['adapter_options'],
      'store_options.adapter_options',
    ),
    encryption: (nameOf(given['encryption']) ?? 'none').toLowerCase(),
    encryptionOptions: hashOrEmpty(given['ssl_options'] ?? given['encryption_options'], 'encryption_options'),
    options: given['options'] === undefined ? defaultOptions : asHash(given['options']),
    profiles: profilesOf(given['profiles']),
    hasHooks: Object.keys(hashOrEmpty(given['hooks'], 'hooks')).length > 0,
    manner: mannerOf(given['compat']),
  };
};
