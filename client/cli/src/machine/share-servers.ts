// A disk password for several servers, any few of which suffice: this one gets its share by enrolment, each other one as a section
// of clients.conf in a file, which its own people import there. So nobody needs a login at a server that is not theirs, and
// Debian's mandos can be one of them. docs/formats/disk-shares.md

import { randomFillSync } from 'node:crypto';
import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import {
  encryptPassword,
  formatStanza,
  MAX_SHARED_BYTES,
  type PublicKeys,
  splitPassword,
} from '@chatelaine/machine-keys';
import { Failure } from '../failure.ts';

/** This server, in the list of servers. */
const HERE = 'here';
const MOST_SERVERS = 32;
const SERVER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Who gets a share, and how many of them suffice. */
export interface ShareServers {
  readonly others: readonly string[];
  readonly threshold: number;
}

/** Reads `--servers` and `--threshold`; `undefined` if neither is there. */
export const readShareServers = (
  servers: string | undefined,
  threshold: string | undefined,
): ShareServers | undefined => {
  if (servers === undefined && threshold === undefined) return undefined;
  if (servers === undefined || threshold === undefined) {
    throw new Failure(
      'usage',
      '--servers and --threshold belong together.',
      'Such as --servers here,bern,basel --threshold 2',
    );
  }
  const names = servers.split(',');
  const wrong = names.find((name) => !SERVER_NAME.test(name));
  if (wrong !== undefined) {
    throw new Failure('usage', '--servers: a name has letters, digits, ".", "_" and "-".', `"${HERE}" is this server.`);
  }
  if (!names.includes(HERE)) throw new Failure('usage', `--servers: one of them must be "${HERE}", this server.`);
  if (new Set(names).size !== names.length) throw new Failure('usage', '--servers: a name is given twice.');
  if (names.length > MOST_SERVERS) throw new Failure('usage', `--servers: at most ${MOST_SERVERS}.`);
  const needed = /^[1-9][0-9]?$/.test(threshold) ? Number(threshold) : 0;
  if (needed < 2 || needed > names.length) {
    throw new Failure('usage', '--threshold: must be from 2 to the number of servers.');
  }
  return { others: names.filter((name) => name !== HERE), threshold: needed };
};

/** The encrypted share of this server, and of each other one the text that is imported there. */
export interface MadeShares {
  readonly here: Uint8Array;
  readonly stanzas: ReadonlyMap<string, string>;
}

/** Splits the password (the caller wipes it) and encrypts each share for the machine. */
export const makeShares = async (
  password: Uint8Array,
  { others, threshold }: ShareServers,
  machine: { readonly name: string; readonly keys: PublicKeys; readonly fingerprint: string | undefined },
): Promise<MadeShares> => {
  if (password.length > MAX_SHARED_BYTES) {
    throw new Failure('input', `A password in shares has at most ${MAX_SHARED_BYTES} bytes.`);
  }
  const { name, keys, fingerprint } = machine;
  const [own, ...shares] = splitPassword(password, { threshold, shares: others.length + 1 }, randomFillSync);
  try {
    const stanzas = new Map<string, string>();
    for (const [at, server] of others.entries()) {
      const secret = await encryptPassword(shares[at] ?? new Uint8Array(), keys);
      stanzas.set(server, formatStanza({ name, keyId: keys.keyId, fingerprint, secret }));
    }
    return { here: await encryptPassword(own ?? new Uint8Array(), keys), stanzas };
  } finally {
    for (const share of [own, ...shares]) share?.fill(0);
  }
};

/** Writes them as `SERVER.conf`, 0600, durably; gives the files. What an earlier enrolment left there is replaced. */
export const writeStanzas = async (directory: string, stanzas: MadeShares['stanzas']): Promise<readonly string[]> => {
  const files: string[] = [];
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    for (const [server, text] of stanzas) {
      const name = join(directory, `${server}.conf`);
      await using file = await open(`${name}.new`, 'w', 0o600);
      await file.chmod(0o600);
      await file.writeFile(text);
      await file.sync();
      await rename(`${name}.new`, name);
      files.push(name);
    }
    await using opened = await open(directory, 'r');
    await opened.sync();
  } catch (error) {
    throw new Failure(
      'input',
      `The shares cannot be written to ${directory}: ${(error as NodeJS.ErrnoException).code}.`,
    );
  }
  return files;
};
