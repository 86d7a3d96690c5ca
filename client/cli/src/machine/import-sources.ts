// What an import is made of: a clients.conf alone, or the directory of a Mandos server with its mandos.conf, its clients.conf
// and, where it left one, its saved state.

import { join } from 'node:path';
import { readBoolean } from '../clients-conf/boolean.ts';
import type { Problem } from '../clients-conf/problem.ts';
import { Failure } from '../failure.ts';
import { explainServerDefaults, explainServerSettings } from '../mandos-conf/explain-server-settings.ts';
import { readServerSettings } from '../mandos-conf/read-server-settings.ts';
import { type MandosState, readState, StateError } from '../mandos-state/read-state.ts';
import { readIfThere, readWhole } from './read-import-files.ts';

const STATE_DIRECTORY = '/var/lib/mandos';
const STATE_FILE = 'clients.pickle';

export interface SourceOptions {
  readonly from?: string;
  /** A file, or `false` for none. */
  readonly savedState?: string | false;
}

export interface ImportSources {
  readonly clientsFile: string;
  readonly clientsText: Uint8Array;
  /** The mandos.conf, if there is a directory. */
  readonly server?: {
    readonly file: string;
    readonly problems: readonly Problem[];
    readonly differences: readonly Problem[];
    /** What is different although nothing is said about it. */
    readonly defaults: readonly string[];
  };
  readonly state?: { readonly file: string; readonly content: MandosState };
  /** Where a saved state was looked for and is none. */
  readonly missingState?: string;
}

const parseState = (file: string, bytes: Uint8Array): MandosState => {
  try {
    return readState(bytes);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    const hint = 'To go without what was changed while Mandos ran: --no-saved-state';
    throw new Failure('input', `${file} is not the saved state of a Mandos server: ${error.message}.`, hint);
  }
};

const named = async (file: string): Promise<Required<Pick<ImportSources, 'state'>>> => ({
  state: { file, content: parseState(file, await readWhole(file)) },
});

const readDirectory = async (directory: string, state: string | false | undefined): Promise<ImportSources> => {
  const file = join(directory, 'mandos.conf');
  const { options, problems } = readServerSettings((await readIfThere(file)) ?? new Uint8Array());
  const clientsFile = join(directory, 'clients.conf');
  const sources: ImportSources = {
    clientsFile,
    clientsText: await readWhole(clientsFile),
    server: {
      ...{ file, problems },
      differences: explainServerSettings(options),
      defaults: explainServerDefaults(options),
    },
  };
  if (typeof state === 'string') return { ...sources, ...(await named(state)) };
  // As the server itself: it takes up its state unless it is told not to.
  if (state === false || readBoolean(options.get('restore')?.value ?? 'yes') === false) return sources;
  const stateFile = join(options.get('statedir')?.value ?? STATE_DIRECTORY, STATE_FILE);
  const bytes = await readIfThere(stateFile);
  if (bytes === undefined) return { ...sources, missingState: stateFile };
  return { ...sources, state: { file: stateFile, content: parseState(stateFile, bytes) } };
};

/** Reads them. `given` is a clients.conf, `-` stdin. */
export const readImportSources = async (given: string | undefined, options: SourceOptions): Promise<ImportSources> => {
  const { from, savedState } = options;
  if ((given === undefined) === (from === undefined)) {
    throw new Failure('usage', 'Name a clients.conf, or a directory with --from.', 'Such as --from /etc/mandos');
  }
  if (given === undefined) return await readDirectory(from ?? '', savedState);
  const sources = { clientsFile: given === '-' ? 'stdin' : given, clientsText: await readWhole(given) };
  return typeof savedState === 'string' ? { ...sources, ...(await named(savedState)) } : sources;
};
