// The keys of the link: the keep has one file for each of its peers, each peer has its own.

import { existsSync } from 'node:fs';
import { chown, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Role } from '@chatelaine/contract';
import { makePeerKey, type PeerKey, writePeerKey } from '@chatelaine/link';

/** Whose file it is. */
interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** One peer's own copy of its key. Its identity and its role are called the same. */
interface PeerPlace {
  readonly name: Role;
  readonly file: string;
  readonly owner: Owner;
}

export interface LinkKeyPlaces {
  /** The keep's `link/`. */
  readonly keepDirectory: string;
  readonly keep: Owner;
  readonly peers: readonly PeerPlace[];
}

const write = async (path: string, key: PeerKey, owner: Owner): Promise<void> => {
  await rm(path, { force: true });
  await writePeerKey(path, key);
  if (process.geteuid?.() === 0) await chown(path, owner.uid, owner.gid);
};

/**
 * Makes both sides of every key of which a side is missing; a side that was there is worth nothing afterwards.
 *
 * @returns whose keys were made. A keep that runs knows them after its next start.
 */
export const makeMissingLinkKeys = async ({ keepDirectory, keep, peers }: LinkKeyPlaces): Promise<readonly Role[]> => {
  const made: Role[] = [];
  for (const { name, file, owner } of peers) {
    const keepFile = join(keepDirectory, `${name}.key`);
    if (existsSync(keepFile) && existsSync(file)) continue;
    const key = makePeerKey(name, name, owner.uid);
    try {
      await write(keepFile, key, keep);
      await write(file, key, owner);
    } finally {
      key.key.fill(0);
    }
    made.push(name);
  }
  return made;
};
