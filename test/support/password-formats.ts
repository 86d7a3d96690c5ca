// Password formats as tests use them: text in, text out, and no patience with refusals.

import { randomFillSync } from 'node:crypto';
import {
  type Derived,
  type FormatOptions,
  type FormatRefused,
  formats,
  type PasswordFormat,
  type StoredAuthority,
  type VerifyContext,
} from '@chatelaine/password-hash';

/** Passwords that programs get wrong: what is not ASCII, what a shell or a form of hashes would take for something else. */
export const trickyPasswords: readonly string[] = ['secret', 'Tütü-π€', ':}{$*\\\'"%n', ' a b ', 'y'.repeat(72)];

const formatNamed = (name: string): PasswordFormat => {
  const format = formats.get(name);
  if (format === undefined) throw new Error(`there is no format ${name}`);
  return format;
};

const storedOf = (name: string, result: Derived | FormatRefused | undefined): Buffer => {
  if (result?.kind !== 'derived') throw new Error(`${name} refused: ${result?.message}`);
  return Buffer.from(result.value);
};

const random = (target: Uint8Array): void => {
  randomFillSync(target);
};

/** What is stored for `plain`; `authority` is what the option `ca` names. */
export const derive = async (
  name: string,
  plain: string,
  options: FormatOptions = {},
  authority?: string,
): Promise<string> => {
  const fetchAuthority = async (): Promise<StoredAuthority | undefined> =>
    authority === undefined ? undefined : { value: Buffer.from(authority), usedSerials: new Set() };
  const request = { plain: Buffer.from(plain), key: 'key', options, random, nowUnixMs: Date.now(), fetchAuthority };
  return storedOf(name, await formatNamed(name).derive(request)).toString();
};

/** What is stored of key material of one's own. */
export const importMaterial = async (name: string, material: string, options: FormatOptions = {}): Promise<string> => {
  const request = { material: Buffer.from(material), key: 'key', options, random, nowUnixMs: Date.now() };
  return storedOf(name, await formatNamed(name).import?.(request)).toString();
};

/** Whether the password belongs to the hash. */
export const isMatch = async (
  name: string,
  plain: string,
  stored: string,
  context?: VerifyContext,
): Promise<boolean> => {
  const verdict = await formatNamed(name).verify?.(Buffer.from(plain), Buffer.from(stored), context);
  if (verdict === undefined || verdict.kind === 'refused') throw new Error(`${name} refused: ${verdict?.message}`);
  return verdict.kind === 'match';
};

/** A part of a stored value. */
export const render = (name: string, stored: string, flag?: string): string => {
  const rendered = formatNamed(name).render(Buffer.from(stored), flag);
  if (rendered.kind === 'refused') throw new Error(`${name} refused: ${rendered.message}`);
  return Buffer.from(rendered.text).toString();
};
