// The settings the keep reads, and what of them can only be judged together.

import { readFileSync } from 'node:fs';
import { type Config, ConfigError, keepTable, tomlPositions } from '@chatelaine/process';
import * as z from 'zod';
import { ldapTable, problemOfSettings } from './modules/ldap/ldap-settings.ts';
import { readAuthority } from './modules/ldap/server-address.ts';

export const keepConfig = z.object({ keep: keepTable, ldap: ldapTable });

export type KeepConfig = Config<typeof keepConfig>;

/** Tables that are a module's own, by its name. */
export type ModuleSettings = Pick<KeepConfig, 'ldap'>;

const complain = ({ file }: KeepConfig, table: string, field: string, message: string): never => {
  const line = file === undefined ? undefined : tomlPositions(readFileSync(file, 'utf8'))([table, field])?.line;
  throw new ConfigError(file ?? '', [{ ...(line !== undefined && { line }), field: `${table}.${field}`, message }]);
};

/** Whether the modules that are named have the settings that they need. Throws {@link ConfigError}. */
export const checkModuleSettings = (config: KeepConfig): void => {
  if (!config.keep.modules.includes('ldap')) return;
  const problem = problemOfSettings(config.ldap);
  if (problem !== undefined) complain(config, 'ldap', problem.field, problem.message);
};

/** Whether the files that they name are there. A keep starts without: what does not need them goes on. */
export const checkModuleFiles = (config: KeepConfig): void => {
  const { ca_file: file } = config.ldap;
  if (!config.keep.modules.includes('ldap') || file === undefined) return;
  try {
    readAuthority(file);
  } catch (error) {
    complain(config, 'ldap', 'ca_file', (error as Error).message);
  }
};
