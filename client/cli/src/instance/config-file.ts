// Which instance a command is about: the configuration file it belongs to.

import { join, resolve } from 'node:path';
import { Failure } from '../failure.ts';

/** The options that every command takes. */
export interface GlobalOptions {
  readonly config?: string;
  readonly dir?: string;
  /** A server on the network, instead of the keep of this machine. */
  readonly server?: string;
}

/** The configuration of the embedded instance in a directory. */
export const configFileIn = (directory: string): string => join(resolve(directory), 'chatelaine.toml');

/**
 * The file that was named by `--config` or `--dir`, else by `$CHATELAINE_DIR` or `$CHATELAINE_CONFIG`; absent for the
 * default one. What is typed wins over what is set, and the instance for trying out over the real one.
 */
export const chooseConfigFile = ({ config, dir }: GlobalOptions): string | undefined => {
  if (config !== undefined && dir !== undefined) {
    throw new Failure('usage', 'Both --config and --dir are given; they name different instances.');
  }
  if (config !== undefined) return resolve(config);
  if (dir !== undefined) return configFileIn(dir);
  const fromDir = process.env['CHATELAINE_DIR'];
  if (fromDir !== undefined && fromDir !== '') return configFileIn(fromDir);
  const fromConfig = process.env['CHATELAINE_CONFIG'];
  return fromConfig === undefined || fromConfig === '' ? undefined : resolve(fromConfig);
};
