// `chatelaine machine export [NAME…]`: machines as the clients.conf of a Mandos server, so that nobody has to stay here.

import { link, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, machines } from '@chatelaine/contract';
import { type MachineWithSecret, writeClients } from '../clients-conf/write-clients.ts';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf, failureOf } from '../refused-answer.ts';
import { print, say } from '../terminal/output.ts';
import { printable } from '../terminal/printable.ts';
import { Progress } from '../terminal/progress.ts';
import { conditionsOf } from './conditions.ts';
import { readAllMachines } from './each-page.ts';

export interface ExportOptions extends GlobalOptions {
  readonly to?: string;
  readonly force?: boolean;
}

/** With the secret; `undefined` if named people have to approve the machine or give a code for it. */
const withSecret = async (client: Client, view: machines.MachineView): Promise<MachineWithSecret | undefined> => {
  const answer = await client.call(machines.exportSecret, { name: view.name });
  if (answer.kind === 'ok') return { view, secret: answer.value.secret };
  if (answer.code !== 'needs-signatures' && answer.code !== 'needs-code') throw failureOf(answer, view.name);
  const what = answer.code === 'needs-code' ? 'give a code for it' : 'approve it';
  say(printable(`note: [${view.name}] is left out: named people have to ${what}, and Mandos would not ask them`));
  return undefined;
};

/** With the conditions of its branch as its own. */
const withConditions = (view: machines.MachineView, rules: readonly machines.MachineRule[]): machines.MachineView => {
  const window = conditionsOf(view, rules).window?.value;
  return { ...view, settings: { ...view.settings, ...(window !== undefined && { window }) } };
};

const chosenMachines = async (client: Client, names: readonly string[]): Promise<machines.MachineView[]> => {
  if (names.length === 0) return await readAllMachines(client);
  const chosen: machines.MachineView[] = [];
  for (const name of names) chosen.push(answerOf(await client.call(machines.show, { name }), name));
  return chosen;
};

/** Writes the whole file or none, for its owner alone. */
const writeFileWhole = async (directory: string, text: string, isForced: boolean): Promise<string> => {
  const file = join(directory, 'clients.conf');
  const partial = `${file}.${process.pid}.partial`;
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await using handle = await open(partial, 'wx', 0o600);
    await handle.writeFile(text);
    await handle.sync();
    // A link never replaces a file that is there.
    await (isForced ? rename(partial, file) : link(partial, file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      throw new Failure('input', `${file} is there already.`, 'Choose another place, or say --force.');
    throw code === undefined ? error : new Failure('input', `${file} cannot be written: ${code}.`);
  } finally {
    await rm(partial, { force: true });
  }
  return file;
};

export const exportMachines = (names: readonly string[], options: ExportOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const views = await chosenMachines(client, names);
    const { rules } = answerOf(await client.call(machines.rules, {}));
    const progress = new Progress();
    const chosen: MachineWithSecret[] = [];
    for (const view of views) {
      const machine = await withSecret(client, withConditions(view, rules));
      if (machine !== undefined) chosen.push(machine);
      progress.show(() => `${chosen.length} of ${views.length} machines`);
    }
    progress.end();
    const { text, losses } = writeClients(chosen);
    for (const { name, message } of losses) say(printable(`note: [${name}] ${message}`));
    if (options.to === undefined) return await print(text);
    const file = await writeFileWhole(options.to, text, options.force === true);
    say(`${file} is written, with the secrets of ${chosen.length} ${chosen.length === 1 ? 'machine' : 'machines'}.`);
  });
