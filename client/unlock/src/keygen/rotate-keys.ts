// New keys for a machine that is up. The old ones stay where they are, and go on working, until every server gives something that the
// new ones open; only then do the new ones take their place. Each step can be done again, so that nothing in between loses a key.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  encryptPassword,
  fingerprintOf,
  formatStanza,
  keyFileNames,
  keyFilesIn,
  makeKeys,
  readKeyDirectory,
  readKeyFiles,
  writeKeyDirectory,
} from '@chatelaine/machine-keys';
import { EndedError, type ExitCode, exitCode } from '../exit-code.ts';
import { fetchOnce, type KeyFiles } from '../mandos-client/fetch-once.ts';
import { formatServerAddress, type ServerAddress } from '../options/server-address.ts';
import { say } from '../words.ts';
import type { KeygenSettings } from './settings.ts';

/** How long a server may take to decide; somebody may have to approve. */
const PATIENCE_MS = 120_000;
const SHORT_ID_DIGITS = 8;

const filesIn = (directory: string): KeyFiles => ({
  secretKeyFile: join(directory, 'seckey.txt'),
  tlsPublicKeyFile: join(directory, 'tls-pubkey.pem'),
  tlsPrivateKeyFile: join(directory, 'tls-privkey.pem'),
});

/** Whether every server gives something for these keys; says which does not. */
const areKnown = async (servers: readonly ServerAddress[], directory: string): Promise<boolean> => {
  const answers = await Promise.all(servers.map((server) => fetchOnce(server, filesIn(directory), PATIENCE_MS)));
  for (const answer of answers) {
    if (answer.kind === 'opened') answer.plaintext.fill(0);
    else say(answer.text);
  }
  return answers.every(({ kind }) => kind === 'opened');
};

const putInPlace = async (directory: string, next: string): Promise<void> => {
  const [old, made] = [await readKeyFiles(directory), await readKeyFiles(next)];
  // If an earlier attempt was cut, the old ones are in their place already, and some of the new ones in theirs.
  const wasCut = keyFileNames.some((file) => old[file] === made[file]);
  if (!wasCut) await writeKeyDirectory(join(directory, 'previous'), old);
  await writeKeyDirectory(directory, made);
  await rm(next, { recursive: true });
};

/** For each server what it gives for the old keys, encrypted for the new ones. */
const printStanzas = async ({ servers, directory, name }: KeygenSettings, next: string): Promise<void> => {
  const keys = await readKeyDirectory(next);
  const fingerprint = await fingerprintOf(keys.publicKey);
  const newName = `${name}-${keys.keyId.slice(0, SHORT_ID_DIGITS)}`;
  for (const server of servers) {
    const answer = await fetchOnce(server, filesIn(directory), PATIENCE_MS);
    if (answer.kind === 'nothing')
      throw new EndedError(exitCode.failed, answer.text, 'it has to give what it has for the old keys');
    try {
      const secret = await encryptPassword(answer.plaintext, keys);
      const stanza = formatStanza({ name: newName, host: name, keyId: keys.keyId, fingerprint, secret });
      process.stdout.write(`# for ${formatServerAddress(server)}\n${stanza}`);
    } finally {
      answer.plaintext.fill(0);
    }
  }
  say(
    `import what is printed at ${servers.length === 1 ? 'the server' : 'each server'}: chatelaine machine import FILE`,
  );
  say('(or append it to clients.conf of Mandos), then say the same command again');
};

/** One step of a rotation. */
export const rotateKeys = async (settings: KeygenSettings): Promise<ExitCode> => {
  const { directory, name, kind, servers } = settings;
  const next = join(directory, 'next');
  const isBegun = (await keyFilesIn(next)).length === keyFileNames.length;
  if (!isBegun) {
    await readKeyFiles(directory);
    await writeKeyDirectory(next, await makeKeys(name, kind));
    say(`new keys are in ${next}; the old ones are still in use`);
  } else if (await areKnown(servers, next)) {
    await putInPlace(directory, next);
    say(`the new keys are in ${directory}, the old ones in ${join(directory, 'previous')}`);
    say(
      'now make the boot image anew (update-initramfs -u -k all); after a boot with it remove the old ones, here and',
    );
    say('at the server: chatelaine machine remove');
    return exitCode.done;
  }
  await printStanzas(settings, next);
  return isBegun ? exitCode.failed : exitCode.done;
};
