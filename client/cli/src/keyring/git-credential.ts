// `git-credential-chatelaine`: what git asks its credential helpers. The service is `git:PROTOCOL://HOST[/PATH]`, the user git's user
// name. Invariants: values are bytes, and a password never becomes a string; what git could misread is not printed.
// git-credential(1), gitcredentials(7)

import { readSync } from 'node:fs';
import type { ExitName } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import type { KeyringOptions } from './keyring-options.ts';
import { type AnyStore, openStore } from './open-store.ts';
import { refusing } from './refusals.ts';
import { writeSecret } from './write-secret.ts';

const MAX_BYTES = 262_144;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const EQUALS = 0x3d;

/** All of stdin, which the caller wipes. */
const readInput = (): Buffer => {
  const input = Buffer.allocUnsafeSlow(MAX_BYTES);
  for (let size = 0; ; ) {
    const count = readSync(0, input, size, input.length - size, null);
    if (count === 0) return input.subarray(0, size);
    size += count;
    if (size === input.length) throw new Failure('input', 'git asks at too great a length.');
  }
};

/** The attributes up to a blank line; of one that is given twice the last counts. Values are parts of `input`. */
export const parseAttributes = (input: Buffer): ReadonlyMap<string, Buffer> => {
  const attributes = new Map<string, Buffer>();
  for (let start = 0; start < input.length; ) {
    const found = input.indexOf(LINE_FEED, start);
    const end = found < 0 ? input.length : found;
    if (end === start) break;
    const equals = input.indexOf(EQUALS, start);
    if (equals > start && equals < end) {
      attributes.set(input.toString('latin1', start, equals), input.subarray(equals + 1, end));
    }
    start = end + 1;
  }
  return attributes;
};

/** What git asks about, but for the password. Undefined if names are missing or not text. */
interface Target {
  readonly service: string;
  readonly user: string | undefined;
}

const asText = (bytes: Buffer | undefined): string | undefined => {
  const text = bytes?.toString('utf8');
  return text !== undefined && Buffer.from(text).equals(bytes as Buffer) ? text : undefined;
};

export const readTarget = (attributes: ReadonlyMap<string, Buffer>): Target | undefined => {
  const [protocol, host] = [asText(attributes.get('protocol')), asText(attributes.get('host')) ?? ''];
  if (protocol === undefined || protocol === '') return undefined;
  const givenPath = attributes.get('path');
  const path = asText(givenPath);
  const user = asText(attributes.get('username'));
  if ((givenPath !== undefined && path === undefined) || (attributes.has('username') && user === undefined)) {
    return undefined;
  }
  return { service: `git:${protocol}://${host}${path === undefined ? '' : `/${path}`}`, user };
};

/** git reads line by line: such a value would become another attribute. */
const isPrintable = (value: Uint8Array): boolean =>
  !value.includes(LINE_FEED) && !value.includes(RETURN) && !value.includes(0);

const answer = (store: AnyStore, { service, user }: Target): void => {
  for (const account of user === undefined ? store.findAccounts(service) : [user]) {
    const password = store.getPassword(service, account);
    if (password === undefined) continue;
    try {
      const name = Buffer.from(account);
      if (!isPrintable(password) || !isPrintable(name)) continue;
      writeSecret(Buffer.concat([Buffer.from('username='), name, Buffer.from('\npassword=')]));
      writeSecret(password);
      writeSecret(Buffer.of(LINE_FEED));
      return;
    } finally {
      password.fill(0);
    }
  }
};

const keep = (store: AnyStore, { service, user }: Target, attributes: ReadonlyMap<string, Buffer>): void => {
  const password = attributes.get('password');
  if (user === undefined || password === undefined || password.length === 0) return;
  const expiry = attributes.get('password_expiry_utc')?.toString('latin1');
  if (expiry === undefined || !/^\d{1,12}$/.test(expiry)) {
    store.setPassword(service, user, password);
    return;
  }
  const timeoutSeconds = Math.min(Number(expiry) - Math.floor(Date.now() / 1_000), 0xffff_ffff);
  if (timeoutSeconds > 0) store.setPassword(service, user, password, { timeoutSeconds });
};

/** Removes what matches all that is given, the password too: another one than git tried stays. */
const erase = (store: AnyStore, { service, user }: Target, attributes: ReadonlyMap<string, Buffer>): void => {
  const tried = attributes.get('password');
  for (const account of user === undefined ? store.findAccounts(service) : [user]) {
    if (tried !== undefined) {
      const kept = store.getPassword(service, account);
      const isSame = kept?.equals(tried) ?? false;
      kept?.fill(0);
      if (!isSame) continue;
    }
    store.deletePassword(service, account);
  }
};

/** Answers one question of git; an operation that is not known is no error, as git asks. */
export const answerGit = (operation: string, options: KeyringOptions): Promise<ExitName> =>
  refusing(async (): Promise<ExitName> => {
    if (!['get', 'store', 'erase'].includes(operation)) return 'done';
    const input = readInput();
    try {
      const attributes = parseAttributes(input);
      const target = readTarget(attributes);
      if (target === undefined) return 'done';
      const store = await openStore(options);
      if (operation === 'get') answer(store, target);
      else if (operation === 'store') keep(store, target, attributes);
      else erase(store, target, attributes);
      return 'done';
    } finally {
      input.fill(0);
    }
  });
