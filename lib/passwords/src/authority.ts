// Certificate authorities among the stored keys. An authority's serials lie under `NAME_all_serials`, as a YAML list of decimal
// numbers, the way Trocla keeps them. Invariant: a serial is on record before the certificate that bears it is stored.

import type { IssuedCertificate, StoredAuthority } from '@chatelaine/password-hash';
import { type PasswordStore, PasswordStoreError } from './password-store.ts';

const serialsKey = (authority: string): string => `${authority}_all_serials`;

const readSerials = (store: PasswordStore, name: string, stored: Uint8Array | undefined): bigint[] => {
  if (stored === undefined) return [];
  const text = Buffer.from(store.openValue(stored)).toString();
  const list = /^(?:---(?: \[\])?\n)?((?:- *\d+\n)*)$/.exec(text.endsWith('\n') ? text : `${text}\n`)?.[1];
  if (list === undefined) {
    throw new PasswordStoreError(
      'corrupt',
      `the list of serials of the authority ${JSON.stringify(name)} cannot be read`,
    );
  }
  return [...list.matchAll(/\d+/g)].map(([serial]) => BigInt(serial));
};

/** The authority of that name; its value is a copy for the caller to wipe. */
export const fetchAuthority = async (store: PasswordStore, name: string): Promise<StoredAuthority | undefined> => {
  const value = (await store.read(name))?.values.get('x509');
  if (value === undefined) return undefined;
  const serials = (await store.read(serialsKey(name)))?.values.get('plain');
  return { value: store.openValue(value), usedSerials: new Set(readSerials(store, name, serials)) };
};

/** Puts a serial on record; says whether it was free. */
export const recordSerial = (store: PasswordStore, { authority, serial }: IssuedCertificate): Promise<boolean> =>
  store.update(serialsKey(authority), (current) => {
    const serials = readSerials(store, authority, current?.values.get('plain'));
    if (serials.includes(serial)) return { kind: 'keep', result: false };
    const text = `---\n${[...serials, serial].map((each) => `- ${each}\n`).join('')}`;
    return {
      kind: 'put',
      record: { values: new Map([['plain', store.sealValue(Buffer.from(text))]]) },
      result: true,
    };
  });
