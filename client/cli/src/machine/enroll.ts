// `chatelaine machine enroll NAME`: what mandos-keygen and an edit of clients.conf do together. The keys are on disk before
// the machine is enrolled, so that a fault in between leaves nothing that cannot be done again.

import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { type Client, machines } from '@chatelaine/contract';
import {
  encryptPassword,
  fingerprintOf,
  keyFileNames,
  keyFilesIn,
  makeKeys,
  type PublicKeys,
  readKeyDirectory,
  writeKeyDirectory,
} from '@chatelaine/machine-keys';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf, failureOf } from '../refused-answer.ts';
import { printJson, say } from '../terminal/output.ts';
import { readPassword } from '../terminal/secret-input.ts';
import { newSettingsOf, patchOf, type SettingsOptions } from './settings-options.ts';
import { makeShares, readShareServers, type ShareServers, writeStanzas } from './share-servers.ts';
import { withMachineKeys } from './with-machine-keys.ts';

export interface EnrollOptions extends GlobalOptions, SettingsOptions {
  /** Where the machine's key files are, or will be made. */
  readonly keyDir?: string;
  /** Make new keys even if there are some. */
  readonly force?: boolean;
  readonly replace?: boolean;
  readonly disabled?: boolean;
  /** Names of the servers that get a share each, joined by commas. */
  readonly servers?: string;
  readonly threshold?: string;
  /** Where the shares of the other servers are written. */
  readonly shareDir?: string;
  readonly json?: boolean;
}

/** Before anybody types a password: is the name right and free, and the keep open? */
const expectFree = async (client: Client, name: string, options: EnrollOptions): Promise<void> => {
  const shown = await client.call(machines.show, { name });
  if (shown.kind === 'refused' && shown.code !== 'not-found') throw failureOf(shown, name);
  if (shown.kind === 'ok' && options.replace !== true) {
    throw new Failure('refused', `${name} is enrolled already.`, 'Choose another name, or say --replace.');
  }
};

const obtainKeys = async (name: string, directory: string, isForced: boolean): Promise<PublicKeys> => {
  const found = await keyFilesIn(directory);
  if (found.length > 0 && !isForced) {
    if (found.length < keyFileNames.length && !found.includes('pubkey.txt')) {
      throw new Failure(
        'input',
        `${directory} has ${found.join(' and ')} only.`,
        'Name another directory, or say --force.',
      );
    }
    say(`The keys in ${directory} are used.`);
  } else {
    await writeKeyDirectory(directory, await makeKeys(name));
    say(`New keys are in ${directory}.`);
  }
  return await readKeyDirectory(directory);
};

const sayWhatIsNext = (directory: string): void => {
  say('');
  say('On the machine itself, as root:');
  say(`  put the four files of ${directory} into /etc/keys/mandos/, mode 0600,`);
  say('  then: update-initramfs -u -k all');
  say('Nobody else needs them; keep no copy elsewhere, or keep it as safe as the password.');
};

/** What of the password this server keeps, and the files with the shares of others. */
interface Kept {
  readonly secret: Uint8Array;
  readonly shareFiles: readonly string[];
}

const keepPassword = async (
  name: string,
  keys: PublicKeys,
  fingerprint: string | undefined,
  shares: ShareServers | undefined,
  options: EnrollOptions,
): Promise<Kept> => {
  const password = await readPassword({ name: 'disk password', isNew: true });
  try {
    if (shares === undefined) return { secret: await encryptPassword(password, keys), shareFiles: [] };
    const { here, stanzas } = await makeShares(password, shares, { name, keys, fingerprint });
    const directory = resolve(options.shareDir ?? `${name.replaceAll('/', '-')}-shares`);
    return { secret: here, shareFiles: await writeStanzas(directory, stanzas) };
  } finally {
    password.fill(0);
  }
};

const sayWhoElse = (files: readonly string[], threshold: number): void => {
  if (files.length === 0) return;
  say('');
  say(
    `This server has one share of the password; any ${threshold} of ${files.length + 1} give it. The others get theirs by`,
  );
  for (const file of files) say(`  chatelaine machine import ${file}`);
  say('there, or as a section of clients.conf of Mandos. Afterwards remove the files here.');
};

export const enrollMachine = (name: string, options: EnrollOptions): Promise<void> => {
  const shares = readShareServers(options.servers, options.threshold);
  return askKeep(options, (client) =>
    withMachineKeys(async () => {
      const settings = newSettingsOf(name, (await patchOf(options)).settings);
      await expectFree(client, name, options);
      const directory = resolve(options.keyDir ?? `${name.replaceAll('/', '-')}-keys`);
      const keys = await obtainKeys(name, directory, options.force === true);
      const fingerprint = await fingerprintOf(keys.publicKey);
      const { secret, shareFiles } = await keepPassword(name, keys, fingerprint, shares, options);
      const machine = {
        name,
        keyId: keys.keyId,
        ...(fingerprint !== undefined && { fingerprint }),
        secret,
        enabled: options.disabled !== true,
        settings,
      };
      const input = { machines: [machine], replace: options.replace === true };
      answerOf(await client.call(machines.enroll, input, { requestId: randomUUID() }), name);
      if (options.json === true) {
        const { keyId } = keys;
        const known = fingerprint === undefined ? {} : { fingerprint };
        const others = shareFiles.length === 0 ? {} : { shareFiles };
        await printJson({ name, keyId, ...known, keyDirectory: directory, ...others });
        return;
      }
      say(`${name} is enrolled.`);
      sayWhatIsNext(directory);
      sayWhoElse(shareFiles, shares?.threshold ?? 0);
    }),
  );
};
