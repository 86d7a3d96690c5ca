// Makes a value that is not there. Invariants: nothing slow happens under the store's lock; what was computed is stored only if what it
// was computed from is still what is there, else it is computed anew; a call that fails stores nothing (but see `manner`).

import type { Derived, FormatOptions, PasswordFormat } from '@chatelaine/password-hash';
import { fetchAuthority, recordSerial } from './authority.ts';
import type { ExpiryWish } from './expiry.ts';
import { newPassword } from './new-password.ts';
import type { PasswordRecord, RecordChange } from './password-store.ts';
import type { PasswordAnswer, PasswordsSettings } from './passwords-settings.ts';
import { liveRecord, withoutValue, withValue } from './record-writes.ts';
import { type PasswordRefused, refuse } from './refused.ts';

/** What is asked for. */
export interface MakeRequest {
  readonly key: string;
  /** As it was typed: it is stored under this. */
  readonly name: string;
  readonly format: PasswordFormat;
  readonly options: FormatOptions;
  readonly wish: ExpiryWish;
  /** A value that is there does not answer the question. */
  readonly anew: boolean;
}

/** The plain password that a value is derived from. */
interface Basis {
  readonly kind: 'basis';
  readonly plain: Uint8Array;
  /** As it is stored; absent if it is not. */
  readonly stored?: Uint8Array;
  /** Stored together with the value. */
  readonly isFresh: boolean;
}

type Outcome = 'stored' | 'again' | Uint8Array;

const MAX_ATTEMPTS = 16;

const sameBytes = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && Buffer.compare(a, b) === 0);

const isOff = (value: unknown): boolean => value === undefined || value === null || value === false;

const othersIn = (record: PasswordRecord | undefined, name: string): readonly string[] =>
  [...(record?.values.keys() ?? [])].filter((other) => other !== name);

/** What a format is told besides the password. */
export const formatContext = (
  { store, random, nowUnixMs }: PasswordsSettings,
  key: string,
  options: FormatOptions,
) => ({
  key,
  options,
  random,
  nowUnixMs: Math.floor(nowUnixMs()),
  fetchAuthority: (name: string) => fetchAuthority(store, name),
});

/** What bcrypt looks at of a longer password. */
const BCRYPT_BYTES = 72;

/** The password as a format takes it: in the manner of Trocla, bcrypt gets what it looks at instead of refusing a longer one. */
export const takenBy = (format: PasswordFormat, { manner }: PasswordsSettings, plain: Uint8Array): Uint8Array =>
  manner === 'trocla' && format.name === 'bcrypt' ? plain.subarray(0, BCRYPT_BYTES) : plain;

/** Puts a certificate's serial on record, if an authority signed it. */
export const recordIssued = async ({ store, onChange }: PasswordsSettings, { issued }: Derived): Promise<void> => {
  if (issued === undefined) return;
  await recordSerial(store, issued);
  onChange?.({ kind: 'set', key: `${issued.authority}_all_serials`, format: 'plain' });
};

/** Looks, computes without any lock, and stores. */
export const makeValue = async (settings: PasswordsSettings, request: MakeRequest): Promise<PasswordAnswer> => {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const answer = await attemptValue(settings, request);
    if (answer.kind !== 'again') return answer;
  }
  return refuse('contended', `${request.key} is being changed by others, again and again`);
};

const attemptValue = async (
  settings: PasswordsSettings,
  request: MakeRequest,
): Promise<PasswordAnswer | { readonly kind: 'again' }> => {
  const { store, nowUnixMs } = settings;
  const { key, name, format, options, anew } = request;
  const before = liveRecord(await store.read(key), nowUnixMs());
  const existing = before?.values.get(name);
  if (existing !== undefined && !anew) return { kind: 'value', value: store.openValue(existing), isNew: false };
  const basis = await basisFor(settings, request, before);
  if (basis.kind === 'refused') return basis;
  try {
    const derived = await format.derive({
      ...formatContext(settings, key, options),
      plain: takenBy(format, settings, basis.plain),
    });
    if (derived.kind === 'refused') return derived;
    await recordIssued(settings, derived);
    const outcome = await store.update<Outcome>(key, (current) =>
      decide(settings, request, { basis, existing, value: derived.value }, liveRecord(current, nowUnixMs())),
    );
    if (outcome === 'stored') {
      if (basis.isFresh && name !== 'plain') settings.onChange?.({ kind: 'set', key, format: 'plain' });
      settings.onChange?.({ kind: 'set', key, format: name });
      return { kind: 'value', value: derived.value, isNew: true };
    }
    derived.value.fill(0);
    return outcome === 'again' ? { kind: 'again' } : { kind: 'value', value: store.openValue(outcome), isNew: false };
  } finally {
    basis.plain.fill(0);
  }
};

/** Whether what was computed may be stored beside what is there by now. */
const decide = (
  { store, manner, nowUnixMs }: PasswordsSettings,
  { name, wish, anew }: MakeRequest,
  made: { readonly basis: Basis; readonly existing: Uint8Array | undefined; readonly value: Uint8Array },
  live: PasswordRecord | undefined,
): RecordChange<Outcome> => {
  const { basis, existing, value } = made;
  const there = live?.values.get(name);
  if (there !== undefined && !anew) return { kind: 'keep', result: there };
  const isNewPlain = anew && name === 'plain';
  const isOvertaken =
    (anew && !sameBytes(there, existing)) ||
    (!isNewPlain && !sameBytes(live?.values.get('plain'), basis.stored)) ||
    (manner === 'safe' && basis.isFresh && !isNewPlain && othersIn(live, name).length > 0);
  if (isOvertaken) return { kind: 'keep', result: 'again' };
  const now = nowUnixMs();
  let base = live !== undefined && anew ? withoutValue(live, name, now) : live;
  if (basis.isFresh && name !== 'plain') base = withValue(base, 'plain', store.sealValue(basis.plain), wish, now);
  return { kind: 'put', record: withValue(base, name, store.sealValue(value), wish, now), result: 'stored' };
};

/** The stored plain password; or a new one, unless that would do harm. */
const basisFor = async (
  settings: PasswordsSettings,
  request: MakeRequest,
  before: PasswordRecord | undefined,
): Promise<Basis | PasswordRefused> => {
  const { store, manner, random } = settings;
  const { key, name, format, options, anew } = request;
  const isNewPlain = anew && name === 'plain';
  const stored = isNewPlain ? undefined : before?.values.get('plain');
  if (stored !== undefined) return { kind: 'basis', plain: store.openValue(stored), stored, isFresh: false };
  if (isOff(options['random'])) {
    return refuse('no-plain', "Password must be present as plaintext if you don't want a random password", 'random');
  }
  const others = othersIn(before, name);
  if (manner === 'safe' && others.length > 0 && !isNewPlain) {
    if (format.kind === 'generated') return { kind: 'basis', plain: new Uint8Array(0), isFresh: false };
    const words = `The plain password of ${key} is not stored any more, and a new one would replace what is in use`;
    return refuse(
      'plain-is-gone',
      `${words} (${others.join(', ')}). Nothing was changed. To begin anew: reset ${key} plain`,
    );
  }
  const made = newPassword(options, manner, random);
  if (made.kind === 'refused') return made;
  if (manner === 'safe' || name === 'plain') return { kind: 'basis', plain: made.plain, isFresh: true };
  return { kind: 'basis', plain: made.plain, stored: await storePlain(settings, request, made.plain), isFresh: false };
};

/** As Trocla does it: in a write of its own, before anything is derived. Gives it as it is stored. */
const storePlain = async (
  { store, nowUnixMs, onChange }: PasswordsSettings,
  { key, wish }: MakeRequest,
  plain: Uint8Array,
): Promise<Uint8Array> => {
  const sealed = store.sealValue(plain);
  const record = withValue(undefined, 'plain', sealed, wish, nowUnixMs());
  await store.update(key, () => ({ kind: 'put', record, result: undefined }));
  onChange?.({ kind: 'set', key, format: 'plain' });
  return sealed;
};
