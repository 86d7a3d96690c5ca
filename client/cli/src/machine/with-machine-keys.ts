// What is wrong with the key files of a machine ends the command.

import { MachineKeysError } from '@chatelaine/machine-keys';
import { Failure } from '../failure.ts';

export const withMachineKeys = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (error instanceof MachineKeysError) throw new Failure('input', error.message, error.hint);
    throw error;
  }
};
