// One start of the server: reads the files, says what there is to say, and serves.

import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { notifyReady, type PidFile, writePidFile } from '@chatelaine/process';
import { Failure } from '../failure.ts';
import { readIfThere, readSecretOf } from '../machine/read-import-files.ts';
import { print, say } from '../terminal/output.ts';
import { printable } from '../terminal/printable.ts';
import { readVersion } from '../version.ts';
import { checkParts } from './check-parts.ts';
import { readStanzas, type Stanzas } from './client-stanzas.ts';
import { readCommandLine, usage } from './command-line.ts';
import { endLeftovers } from './end-leftovers.ts';
import { explainDifferences, explainPlan, explainProblems } from './explain-start.ts';
import { claimInstance, type Instance, instanceIn, prepareInstance } from './instance-directory.ts';
import { listeningFor } from './listen-addresses.ts';
import { serveMachines } from './serve-machines.ts';
import { readServerOptions, type ServerOptions } from './server-options.ts';
import { IN_BACKGROUND, READY_DESCRIPTOR, startInBackground } from './start-in-background.ts';
import { takeUpClients } from './take-up-clients.ts';

/** Of Mandos, whose command line, files and bus this server has. */
const MANDOS_VERSION = '1.8.18';

const tell = (line: string): void => say(printable(`mandos: ${line}`));

const readClientsFile = async (file: string, instance: Instance): Promise<Stanzas> => {
  const text = await readIfThere(file);
  if (text === undefined && existsSync(instance.configuredFile)) {
    // To Mandos it would be an empty one, and every machine dropped because of a slip in --configdir.
    throw new Failure('input', `${file} is missing; the machines that are kept are left as they are.`);
  }
  const stanzas = readStanzas(text ?? new Uint8Array(), readSecretOf);
  for (const line of explainProblems(file, stanzas)) tell(line);
  if (stanzas.stop !== undefined) throw new Failure('input', 'The server is not started.');
  if (stanzas.machines.length === 0) tell(`warning: ${file} has no machines`);
  return stanzas;
};

const sayStateIsMissing = (file: string): void => {
  tell(`note: ${file} is not there. Mandos writes it when it stops; before that nobody knows which machines`);
  tell('note: were disabled, removed or changed while it ran, and they are taken as clients.conf has them.');
};

/** The PID file where Mandos has it. Somebody else than root has none. */
const writeKnownPidFile = (): PidFile | undefined => {
  const path = existsSync('/run') ? '/run/mandos.pid' : '/var/run/mandos.pid';
  try {
    return writePidFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    tell(`warning: ${path} cannot be written`);
    return undefined;
  }
};

/** Serves until it is asked to end. */
const serve = async (options: ServerOptions, isInBackground: boolean): Promise<void> => {
  if (isInBackground) process.chdir('/');
  const instance = instanceIn(options.stateDirectory);
  const clientsFile = join(options.configDirectory, 'clients.conf');
  const stanzas = await readClientsFile(clientsFile, instance);
  const listening = listeningFor(options, networkInterfaces());
  for (const line of explainDifferences(options, clientsFile, stanzas, listening.notes)) tell(`note: ${line}`);
  await claimInstance(instance, options, tell);
  const held = writePidFile(instance.pidFileOf('mandos'));
  const known = isInBackground ? writeKnownPidFile() : undefined;
  try {
    await endLeftovers(instance);
    const isNew = await prepareInstance(instance, options, listening.addresses);
    if (isNew && options.restores && !existsSync(instance.savedStateFile)) sayStateIsMissing(instance.savedStateFile);
    let isTold = false;
    const ready = (): void => {
      if (!isTold) notifyReady(isInBackground ? READY_DESCRIPTOR : undefined, {});
      isTold = true;
    };
    await serveMachines({
      instance,
      usesDbus: options.usesDbus,
      sealed: () => {
        if (options.unsealKeyFile !== 'none') throw new Failure('refused', 'The keep did not open; it says why above.');
        tell(`The keep is sealed; nobody is served until: chatelaine --dir ${instance.directory} unseal`);
        ready();
      },
      takeUp: async () => {
        const plan = await takeUpClients(instance, stanzas, options.restores);
        for (const line of explainPlan(plan)) tell(line);
      },
      ready,
      say: tell,
    });
  } finally {
    known?.remove();
    held.remove();
  }
};

/** Gives the exit code. */
export const runCommand = async (words: readonly string[]): Promise<number> => {
  const isInBackground = words[0] === IN_BACKGROUND;
  const line = readCommandLine(isInBackground ? words.slice(1) : words);
  if (line.help) {
    await print(usage());
    return 0;
  }
  if (line.version) {
    await print(`mandos ${MANDOS_VERSION} (Chatelaine ${readVersion()})\n`);
    return 0;
  }
  if (line.check) return await checkParts();
  const file = join(line.configdir, 'mandos.conf');
  const options = readServerOptions(line, (await readIfThere(file)) ?? new Uint8Array());
  if (!options.staysInForeground && !isInBackground) return await startInBackground(options, words, tell);
  await serve(options, isInBackground);
  return 0;
};
