// Brings the machines that are kept in line with clients.conf, before anybody is served.

import { existsSync } from 'node:fs';
import { readFile, rename } from 'node:fs/promises';
import { Failure } from '../failure.ts';
import { askLocalKeep } from '../instance/ask-keep.ts';
import { readAllMachines } from '../machine/each-page.ts';
import { type MandosState, readState, StateError } from '../mandos-state/read-state.ts';
import { carryOutMerge } from './carry-out-merge.ts';
import type { Stanzas } from './client-stanzas.ts';
import { readConfigured, writeConfigured } from './configured.ts';
import type { Instance } from './instance-directory.ts';
import { type MergePlan, planMerge } from './plan-merge.ts';

/** What Mandos's own server left, if it ran since the last start. */
const readSavedState = async (file: string): Promise<MandosState | undefined> => {
  if (!existsSync(file)) return undefined;
  try {
    return readState(await readFile(file));
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    const text = `${file} is not the saved state of a Mandos server: ${error.message}.`;
    const hint =
      'It alone says which machines were disabled with Mandos. To go without it, and without ours: --no-restore';
    throw new Failure('configuration', text, hint);
  }
};

/** Does it and gives what was done. Done again after it was broken off, it leads to the same end. */
export const takeUpClients = async (instance: Instance, stanzas: Stanzas, restores: boolean): Promise<MergePlan> => {
  const saved = restores ? await readSavedState(instance.savedStateFile) : undefined;
  const before = restores ? await readConfigured(instance.configuredFile) : undefined;
  const plan = await askLocalKeep({ config: instance.configFile }, async (client) => {
    const kept = new Map((await readAllMachines(client)).map((view) => [view.name, view]));
    const planned = await planMerge({ stanzas, before, kept, saved, nowUnixMs: Date.now() });
    await carryOutMerge(client, planned, kept);
    return planned;
  });
  await writeConfigured(instance.configuredFile, plan.configured);
  // Taken up or not wanted: what is there at the next start was left by a Mandos server that ran in between.
  if (existsSync(instance.savedStateFile)) await rename(instance.savedStateFile, instance.takenStateFile);
  return plan;
};
