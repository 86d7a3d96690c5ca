// The functions of keytar, on the keyring of the kernel: the same names, arguments and results. Secrets are strings here, which
// cannot be wiped; who wants bytes takes PasswordStore. Service and account must not be empty, as there.

import { textOf } from './credential.ts';
import { PasswordStore } from './password-store.ts';

let store: PasswordStore | undefined;

const plainStore = (): PasswordStore => {
  store ??= new PasswordStore();
  return store;
};

const checkFilled = (value: string, what: string): void => {
  if (typeof value !== 'string' || value === '') throw new TypeError(`${what} is required`);
};

/** The password, or null if there is none. */
export const getPassword = async (service: string, account: string): Promise<string | null> => {
  checkFilled(service, 'service');
  checkFilled(account, 'account');
  return plainStore().getText(service, account) ?? null;
};

/** Keeps a password, replacing one that is there. */
export const setPassword = async (service: string, account: string, password: string): Promise<void> => {
  checkFilled(service, 'service');
  checkFilled(account, 'account');
  checkFilled(password, 'password');
  plainStore().setPassword(service, account, password);
};

/** Removes a password; false if there was none. */
export const deletePassword = async (service: string, account: string): Promise<boolean> => {
  checkFilled(service, 'service');
  checkFilled(account, 'account');
  return plainStore().deletePassword(service, account);
};

/** The password of any account of a service, or null. */
export const findPassword = async (service: string): Promise<string | null> =>
  (await findCredentials(service))[0]?.password ?? null;

/** Accounts and passwords of a service. What is not text is left out. */
export const findCredentials = async (service: string): Promise<{ account: string; password: string }[]> => {
  checkFilled(service, 'service');
  return plainStore()
    .findCredentials(service)
    .flatMap(({ account, password: bytes }) => {
      const password = textOf(bytes);
      bytes.fill(0);
      return password === undefined ? [] : [{ account, password }];
    });
};
