// The options of a call: what it says itself, over its profiles, over what is configured. Invariant: an unknown profile is an
// error at once, whatever is stored.

/** Options as they come from YAML or JSON: `length`, `charset`, `random`, `profiles`, `expires`, `render`, and each format's. */
export type CreateOptions = Readonly<Record<string, unknown>>;

/** Options by the name of a profile. */
export type Profiles = Readonly<Record<string, CreateOptions>>;

const day = 86_400;

/** The profiles that are there without being configured. */
export const builtInProfiles: Profiles = {
  rootpw: { charset: 'consolesafe', length: 32 },
  mysql: { charset: 'shellsafe', length: 32 },
  login: { charset: 'consolesafe', length: 16 },
  x509veryverylong: { days: 5_475, expires: 5_400 * day },
  x509verylong: { days: 3_650, expires: 3_600 * day },
  x509long: { days: 1_825, expires: 1_800 * day },
  x509auto: { days: 40, expires: 30 * day },
  x509short: { days: 2, expires: day },
};

/** What holds without any configuration. */
export const defaultOptions: CreateOptions = { random: true, length: 16, charset: 'default' };

/** What is configured for all calls. */
export interface OptionDefaults {
  readonly options: CreateOptions;
  readonly profiles: Profiles;
}

/** The merged options, or the profile that does not exist. */
export type MergedOptions =
  | { readonly kind: 'merged'; readonly options: CreateOptions }
  | { readonly kind: 'unknown-profile'; readonly name: string };

const isTrue = (value: unknown): boolean => value !== undefined && value !== null && value !== false;

/** One name or a list of them; in a list the first one wins. */
const profileNames = (value: unknown): readonly unknown[] => {
  if (!isTrue(value)) return [];
  return Array.isArray(value) ? value : [value];
};

/** Merges the options of a call with its profiles and the defaults. */
export const mergeOptions = (call: CreateOptions, defaults: OptionDefaults): MergedOptions => {
  const names = profileNames(isTrue(call['profiles']) ? call['profiles'] : defaults.options['profiles']);
  let options: CreateOptions = call;
  for (const name of names) {
    const profile =
      typeof name === 'string' && Object.hasOwn(defaults.profiles, name) ? defaults.profiles[name] : undefined;
    if (profile === undefined) return { kind: 'unknown-profile', name: String(name) };
    options = { ...profile, ...options };
  }
  return { kind: 'merged', options: { ...defaults.options, ...options } };
};
