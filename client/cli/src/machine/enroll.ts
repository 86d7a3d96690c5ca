// `chatelaine machine enroll NAME`: what mandos-keygen and an edit of clients.conf do together. The keys are on disk before
// the machine is enrolled, so that a fault in between leaves nothing that cannot be done again.

import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { type Client, machines } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { encryptPassword, fingerprintOf } from '../mandos-keys/encrypt-password.ts';
import { keyFilesIn, type PublicKeys, readKeyDirectory, writeKeyDirectory } from '../mandos-keys/key-directory.ts';
import { keyFileNames, makeKeys } from '../mandos-keys/make-keys.ts';
import { answerOf, failureOf } from '../refused-answer.ts';
import { printJson, say } from '../terminal/output.ts';
import { readPassword } from '../terminal/secret-input.ts';
import { newSettingsOf, patchOf, type SettingsOptions } from './settings-options.ts';

export interface EnrollOptions extends GlobalOptions, SettingsOptions {
  /** Where the machine's key files are, or will be made. */
  readonly keyDir?: string;
  /** Make new keys even if there are some. */
  readonly force?: boolean;
  readonly replace?: boolean;
  readonly disabled?: boolean;
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

export const enrollMachine = (name: string, options: EnrollOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const settings = newSettingsOf(name, (await patchOf(options)).settings);
    await expectFree(client, name, options);
    const directory = resolve(options.keyDir ?? `${name.replaceAll('/', '-')}-keys`);
    const keys = await obtainKeys(name, directory, options.force === true);
    const fingerprint = await fingerprintOf(keys.publicKey);
    const password = await readPassword({ name: 'disk password', isNew: true });
    let secret: Uint8Array;
    try {
      secret = await encryptPassword(password, keys);
    } finally {
      password.fill(0);
    }
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
      await printJson({ name, keyId, ...(fingerprint !== undefined && { fingerprint }), keyDirectory: directory });
      return;
    }
    say(`${name} is enrolled.`);
    sayWhatIsNext(directory);
  });
