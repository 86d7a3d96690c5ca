// Reads the parts of the configuration that the command line uses; every problem ends the command with its line.

import { adminTable, ConfigError, gateTable, k2Socket, keepTable, loadConfig } from '@chatelaine/process';
import * as z from 'zod';
import { Failure } from '../failure.ts';
import { peers } from '../house/house-processes.ts';
import { chooseConfigFile, type GlobalOptions } from './config-file.ts';

const failureOf = (error: unknown): unknown => {
  if (!(error instanceof ConfigError)) return error;
  const isAbsent = (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
  const hint = isAbsent ? 'chatelaine dev makes an instance for trying out, chatelaine init a real one.' : undefined;
  return new Failure('configuration', error.message, hint);
};

/** What a command that asks the keep needs: `keep` and `admin`. */
export const readConfig = (options: GlobalOptions) => {
  try {
    return loadConfig(chooseConfigFile(options), z.object({ keep: keepTable, admin: adminTable }));
  } catch (error) {
    throw failureOf(error);
  }
};

/** What it takes to set an instance up: also the tables of the keep's peers. */
export const readWholeConfig = (file: string | undefined) => {
  try {
    return loadConfig(file, z.object({ keep: keepTable, ...peers, admin: adminTable }));
  } catch (error) {
    throw failureOf(error);
  }
};

/** Where the line protocol is joined; without a file, in its standard place: whoever joins need not be able to read the default one. */
export const readK2Socket = (file: string | undefined): string => {
  if (file === undefined) return k2Socket.parse(undefined);
  const gate = gateTable.extend({ k2: z.looseObject({ socket: k2Socket }).prefault({}) }).loose();
  try {
    return loadConfig(file, z.object({ gate })).gate.k2.socket;
  } catch (error) {
    throw failureOf(error);
  }
};

export type InstanceConfig = ReturnType<typeof readConfig>;
export type WholeConfig = ReturnType<typeof readWholeConfig>;
