// The keep of this machine, over its socket, as its administrator.

import { randomUUID } from 'node:crypto';
import { type Client, createClient, explainRefusal, passwords, type Result } from '@chatelaine/contract';
import { connectUnix, LinkClient, PeerKeyFileError, readPeerKey } from '@chatelaine/link';
import { adminTable, ConfigError, keepTable, loadConfig } from '@chatelaine/process';
import * as z from 'zod';
import { ActionFailed } from '../failed-action.ts';
import type { Asked, AskedInput, AskedOutput, PasswordServer } from './password-server.ts';
import type { LocalKeep } from './server-settings.ts';

const PATIENCE_MS = 120_000;
const changing: readonly Asked[] = ['reset', 'set', 'remove', 'removeKey'];

const settingsIn = (file: string | undefined) => {
  try {
    return loadConfig(file, z.object({ keep: keepTable, admin: adminTable }));
  } catch (error) {
    if (error instanceof ConfigError) throw new ActionFailed(error.message);
    throw error;
  }
};

const keyIn = async (file: string) => {
  try {
    return await readPeerKey(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof PeerKeyFileError || code !== undefined) throw new ActionFailed(`${file}: ${code ?? message}`);
    throw error;
  }
};

export class LinkPasswordServer implements PasswordServer {
  readonly #link: LinkClient;
  readonly #client: Client;

  private constructor(link: LinkClient) {
    this.#link = link;
    this.#client = createClient(link);
  }

  static async open({ configFile }: LocalKeep): Promise<LinkPasswordServer> {
    const { admin, keep } = settingsIn(configFile ?? (process.env['CHATELAINE_CONFIG'] || undefined));
    const key = await keyIn(admin.link_key);
    return new LinkPasswordServer(new LinkClient({ key, waitMs: 0, connect: () => connectUnix(keep.socket) }));
  }

  async ask<Name extends Asked>(name: Name, input: AskedInput<Name>): Promise<Result<AskedOutput<Name>>> {
    const call = { deadlineMs: PATIENCE_MS, ...(changing.includes(name) && { requestId: randomUUID() }) };
    const result = (await this.#client.call(passwords[name], input as never, call)) as Result<AskedOutput<Name>>;
    return result.kind === 'ok' ? result : { ...result, message: result.message ?? explainRefusal(result).text };
  }

  close(): Promise<void> {
    return this.#link.close();
  }
}
