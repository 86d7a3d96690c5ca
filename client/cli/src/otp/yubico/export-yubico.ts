// `chatelaine otp export --as ksm | ykval | clients`: what Yubico's servers import. Every secret that goes out is on record.

import { type Client, yubiotp } from '@chatelaine/contract';
import { Failure } from '../../failure.ts';
import { askKeep } from '../../instance/ask-keep.ts';
import { answerOf } from '../../refused-answer.ts';
import { confirm } from '../../terminal/confirm.ts';
import { print, say } from '../../terminal/output.ts';
import { Progress } from '../../terminal/progress.ts';
import { allPages } from '../all-pages.ts';
import type { ExportOptions } from '../export.ts';
import { writeKeyLine } from './key-file.ts';
import { writeClientLine, writeStateLine } from './server-files.ts';

export interface YubicoExportOptions extends ExportOptions {
  readonly as: string;
}

const statesOf = async (client: Client) => {
  const states = await allPages(async (page) => {
    const listed = await client.call(yubiotp.listStates, page);
    return listed.kind === 'refused'
      ? listed
      : { kind: 'ok', value: { items: listed.value.keys, cursor: listed.value.cursor } };
  });
  return states.sort((one, other) => (one.publicId < other.publicId ? -1 : 1));
};

const printSecrets = async <Item>(
  items: readonly Item[],
  name: string,
  { yes }: YubicoExportOptions,
  lineOf: (item: Item) => Promise<string>,
): Promise<void> => {
  if (items.length === 0) return say('There are none.');
  await confirm(`Print the secrets of ${items.length} ${name}?`, yes === true);
  const progress = new Progress();
  for (const [at, item] of items.entries()) {
    await print(await lineOf(item));
    progress.show(() => `${at + 1} of ${items.length} handed out`);
  }
  progress.end();
  say(`${items.length} ${name} were handed out; each is on record.`);
};

const exportKeys = async (client: Client, options: YubicoExportOptions): Promise<void> => {
  const keys = (await statesOf(client)).filter(({ hasSecrets }) => hasSecrets);
  await printSecrets(keys, 'keys', options, async ({ publicId }) => {
    const key = answerOf(await client.call(yubiotp.exportKey, { publicId }), publicId);
    try {
      return writeKeyLine(publicId, key);
    } finally {
      for (const bytes of [key.privateId, key.key]) bytes.fill(0);
    }
  });
};

const exportClients = async (client: Client, options: YubicoExportOptions): Promise<void> => {
  const clients = await allPages(async (page) => {
    const listed = await client.call(yubiotp.listClients, page);
    return listed.kind === 'refused'
      ? listed
      : { kind: 'ok', value: { items: listed.value.clients, cursor: listed.value.cursor } };
  });
  clients.sort((one, other) => one.id - other.id);
  await printSecrets(clients, 'clients', options, async ({ id }) => {
    const exported = answerOf(await client.call(yubiotp.exportClient, { id }), String(id));
    try {
      return writeClientLine(exported);
    } finally {
      exported.secret.fill(0);
    }
  });
};

/** Prints what one of Yubico's servers imports. */
export const exportYubico = async (user: string, options: YubicoExportOptions): Promise<void> => {
  const { as: form } = options;
  if (!['ksm', 'ykval', 'clients'].includes(form)) {
    throw new Failure('usage', '--as is otpauth, ksm, ykval or clients.');
  }
  if (user !== '') throw new Failure('usage', 'Files of Yubico’s servers are of all keys; they name no user.');
  await askKeep(options, async (client) => {
    if (form === 'ksm') return await exportKeys(client, options);
    if (form === 'clients') return await exportClients(client, options);
    for (const state of await statesOf(client)) await print(writeStateLine(state));
  });
};
