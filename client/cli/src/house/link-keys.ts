// The keys of the link: the keep has one file for each of its peers, each peer has its own.

import { chown, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makePeerKey, type PeerKey, writePeerKey } from '@chatelaine/link';

/** Whose file it is. */
interface Owner {
  readonly uid: number;
  readonly gid: number;
}

const write = async (path: string, key: PeerKey, owner: Owner): Promise<void> => {
  await rm(path, { force: true });
  await writePeerKey(path, key);
  if (process.geteuid?.() === 0) await chown(path, owner.uid, owner.gid);
};

export interface LinkKeyPlaces {
  /** The keep's `link/`. */
  readonly keepDirectory: string;
  readonly keep: Owner;
  readonly gateKey: string;
  readonly gate: Owner;
  readonly adminKey: string;
  readonly admin: Owner;
}

/** Makes both sides of both keys; earlier ones are worth nothing afterwards. */
export const makeLinkKeys = async (places: LinkKeyPlaces): Promise<void> => {
  const gate = makePeerKey('gate', 'gate', places.gate.uid);
  const admin = makePeerKey('admin', 'admin', places.admin.uid);
  try {
    await write(join(places.keepDirectory, 'gate.key'), gate, places.keep);
    await write(join(places.keepDirectory, 'admin.key'), admin, places.keep);
    await write(places.gateKey, gate, places.gate);
    await write(places.adminKey, admin, places.admin);
  } finally {
    gate.key.fill(0);
    admin.key.fill(0);
  }
};
