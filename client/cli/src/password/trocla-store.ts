// The store that a Trocla configuration names. What is wrong with it ends the command before anything was changed.

import { type PasswordStore, PasswordStoreError } from '@chatelaine/passwords';
import { openStore, PsychError, readConfiguration } from '@chatelaine/passwords/trocla';
import { Failure } from '../failure.ts';
import { say } from '../terminal/output.ts';
import { printable } from '../terminal/printable.ts';

const failureOf = (file: string, error: unknown): unknown => {
  if (error instanceof PasswordStoreError || error instanceof PsychError) {
    return new Failure('input', printable(`${file}: ${error.message}.`));
  }
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined ? error : new Failure('input', `${file} cannot be read: ${code}.`);
};

/** Lets `act` use the store. */
export const withTroclaStore = async <T>(file: string, act: (store: PasswordStore) => Promise<T>): Promise<T> => {
  try {
    const configuration = await readConfiguration(file, undefined);
    if (configuration.store.toLowerCase() === 'chatelaine') {
      throw new Failure('input', `${file} names no store of Trocla but a server of Chatelaine.`);
    }
    const store = await openStore(configuration, (notice) => say(printable(`note: ${notice}`)));
    try {
      return await act(store);
    } finally {
      store.close();
    }
  } catch (error) {
    throw failureOf(file, error);
  }
};
