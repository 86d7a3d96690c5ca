// Key slots that systemd opens: their secrets lie encrypted under a key of this machine, in its TPM or in a file of root alone
// (systemd-creds(1)). They are read at the start, while the keep is still root; or systemd has decrypted them for the service
// and put them where only it can read (systemd.exec(5), LoadCredentialEncrypted=).

import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { wipe } from '@chatelaine/secret';

/** The name that is sealed into each of them. */
const CREDENTIAL_NAME = 'chatelaine-unseal';
/** Where they lie, in the keep's directory: one file a key slot, named by its id. */
const DIRECTORY = 'credentials';
const SYSTEMD_CREDS = '/usr/bin/systemd-creds';
const PATIENCE_MS = 20_000;
const MAX_BYTES = 4_096;

/** Secrets of key slots, and why others could not be had. The caller wipes the secrets. */
export interface HostCredentials {
  readonly secrets: readonly Buffer[];
  readonly problems: readonly string[];
}

const decrypt = (file: string): Promise<Buffer | string> =>
  new Promise((resolve) => {
    const args = ['decrypt', `--name=${CREDENTIAL_NAME}`, file, '-'];
    const options = { encoding: 'buffer', timeout: PATIENCE_MS, maxBuffer: MAX_BYTES } as const;
    execFile(SYSTEMD_CREDS, args, options, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      wipe(stdout);
      const why = stderr.toString().trim().split('\n').at(-1) ?? '';
      resolve(`${file}: systemd-creds: ${why === '' ? error.message : why}`);
    });
  });

/** What systemd put there for the service, or what root decrypts itself. Never throws: without them a person opens the keep. */
export const readHostCredentials = async (keepDirectory: string): Promise<HostCredentials> => {
  const secrets: Buffer[] = [];
  const problems: string[] = [];
  const given = process.env['CREDENTIALS_DIRECTORY'];
  if (given !== undefined && existsSync(given)) {
    for (const name of readdirSync(given)) {
      if (name.startsWith(CREDENTIAL_NAME)) secrets.push(readFileSync(join(given, name)));
    }
  }
  const directory = join(keepDirectory, DIRECTORY);
  if (secrets.length > 0 || process.geteuid?.() !== 0 || !existsSync(directory)) return { secrets, problems };
  for (const name of readdirSync(directory).filter((file) => /^[0-9a-f]{16}\.cred$/.test(file))) {
    const decrypted = await decrypt(join(directory, name));
    if (typeof decrypted === 'string') problems.push(decrypted);
    else secrets.push(decrypted);
  }
  return { secrets, problems };
};
