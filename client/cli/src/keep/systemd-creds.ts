// Key slots that systemd opens on this machine: a secret of their own, encrypted by systemd-creds(1) under a key in the TPM, in
// a file of root alone, or both. It opens nothing on another machine.

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { keyslots } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { askLocalKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { printJson, say } from '../terminal/output.ts';

const SYSTEMD_CREDS = '/usr/bin/systemd-creds';
const NAME = 'chatelaine-unseal';
const SECRET_BYTES = 32;
const PATIENCE_MS = 20_000;

/** Where they lie, in the keep's directory. */
const credentialPath = (keepDirectory: string, slot: string): string =>
  join(keepDirectory, 'credentials', `${slot}.cred`);

const encrypt = (secret: Buffer, key: string): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const args = ['encrypt', `--name=${NAME}`, `--with-key=${key}`, '-', '-'];
    const options = { encoding: 'buffer', timeout: PATIENCE_MS } as const;
    const child = execFile(SYSTEMD_CREDS, args, options, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'it is not installed' : stderr.toString().trim();
      reject(new Failure('refused', `systemd-creds: ${why.split('\n').at(-1) ?? error.message}`));
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(secret);
  });

export interface AddSystemdCredsOptions extends GlobalOptions {
  /** `true`: systemd chooses. */
  readonly systemdCreds: true | string;
  readonly label?: string;
  readonly json?: boolean;
}

const keys = ['auto', 'host', 'tpm2', 'host+tpm2'];

export const addSystemdCredsKeyslot = ({ systemdCreds, ...options }: AddSystemdCredsOptions): Promise<void> =>
  askLocalKeep(options, async (client, { keep }) => {
    const key = systemdCreds === true ? 'auto' : systemdCreds;
    if (!keys.includes(key)) throw new Failure('usage', `--systemd-creds is one of ${keys.join(', ')}.`);
    if (process.geteuid?.() !== 0) throw new Failure('refused', "Only root may use this machine's key.");
    answerOf(await client.call(keyslots.list, {}));
    const secret = randomBytes(SECRET_BYTES);
    try {
      const sealed = await encrypt(secret, key);
      const label = options.label ?? `this machine (${key})`;
      const { slot } = answerOf(await client.call(keyslots.add, { kind: 'systemd-creds', secret, label }));
      const path = credentialPath(keep.directory, slot.id);
      const directory = join(keep.directory, 'credentials');
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await using file = await open(path, 'wx', 0o600);
      await file.writeFile(sealed);
      await file.sync();
      await using parent = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
      await parent.sync();
      if (options.json === true) return await printJson({ slot, credential: path });
      say(`Key slot ${slot.id} opens the keep when this machine starts. It opens no backup on another machine.`);
    } finally {
      secret.fill(0);
    }
  });

/** Forgets what systemd kept for a slot, if it is one. */
export const forgetCredential = (keepDirectory: string, slot: string): Promise<void> =>
  rm(credentialPath(keepDirectory, slot), { force: true });
