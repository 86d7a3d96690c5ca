// The link of an instance, spoken by the test itself with the key of one of its peers.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Client, createClient } from '@chatelaine/contract';
import { connectUnix, LinkClient, readPeerKey } from '@chatelaine/link';
import type { Scratch } from './scratch.ts';

const socketOf = (dir: string): string => {
  const found = /^socket\s*=\s*"(.*)"/m.exec(readFileSync(path.join(dir, 'chatelaine.toml'), 'utf8'))?.[1];
  if (found === undefined) throw new Error('the settings name no socket');
  return found;
};

const keyFileOf = (dir: string, table: 'gate' | 'admin'): string => {
  const settings = readFileSync(path.join(dir, 'chatelaine.toml'), 'utf8');
  const section = settings.slice(settings.indexOf(`[${table}]`));
  const found = /^(?:directory|link_key)\s*=\s*"(.*)"/m.exec(section)?.[1];
  if (found === undefined) throw new Error(`the settings name no key of ${table}`);
  return table === 'gate' ? path.join(found, 'link.key') : found;
};

/** The link itself, to ask for what no client would; closed when `scratch` ends. */
export const linkAs = async (scratch: Scratch, dir: string, peer: 'gate' | 'admin'): Promise<LinkClient> => {
  const key = await readPeerKey(keyFileOf(dir, peer));
  const link = new LinkClient({ connect: () => connectUnix(socketOf(dir)), key });
  scratch.atEnd(() => link.close());
  return link;
};

/** Connects to the keep of the instance in `dir` as this peer; closed when `scratch` ends. */
export const connectAs = async (scratch: Scratch, dir: string, peer: 'gate' | 'admin'): Promise<Client> =>
  createClient(await linkAs(scratch, dir, peer));
