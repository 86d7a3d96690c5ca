// `chatelaine machine secret set NAME`: a new secret for a machine, either a password that is encrypted here for the
// machine, or a message that was encrypted elsewhere.

import { randomUUID } from 'node:crypto';
import { machines } from '@chatelaine/contract';
import { encryptPassword, readEncryptionKeys } from '@chatelaine/machine-keys';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { say } from '../terminal/output.ts';
import { readPassword, readStdin } from '../terminal/secret-input.ts';
import { withMachineKeys } from './with-machine-keys.ts';

const MAX_SECRET_BYTES = 262_144;

/** What an OpenPGP message begins with: a packet of a kind that a message may begin with, or ASCII armour. RFC 4880, 4.2 */
const isOpenPgpMessage = (bytes: Uint8Array): boolean => {
  const first = bytes[0] ?? 0;
  if ((first & 0x80) === 0)
    return Buffer.from(bytes.subarray(0, 27)).toString('latin1') === '-----BEGIN PGP MESSAGE-----';
  const tag = (first & 0x40) === 0 ? (first >> 2) & 0x0f : first & 0x3f;
  return [1, 3, 9, 18, 20].includes(tag);
};

const encryptHere = (keyDir: string): Promise<Uint8Array> =>
  withMachineKeys(async () => {
    const keys = await readEncryptionKeys(keyDir);
    const password = await readPassword({ name: 'disk password', isNew: true });
    try {
      return await encryptPassword(password, keys);
    } finally {
      password.fill(0);
    }
  });

const readMessage = async (): Promise<Uint8Array> => {
  if (process.stdin.isTTY) {
    throw new Failure(
      'usage',
      'An OpenPGP message is expected on stdin.',
      'To encrypt a password here, say where the keys of the machine are: --key-dir DIR',
    );
  }
  const message = await readStdin('The message', MAX_SECRET_BYTES);
  if (isOpenPgpMessage(message)) return message;
  // Most likely a password in clear, which must not be stored as if it were encrypted.
  message.fill(0);
  throw new Failure(
    'input',
    'What came on stdin is not an encrypted OpenPGP message; nothing was changed.',
    'To encrypt a password here, say where the keys of the machine are: --key-dir DIR',
  );
};

export const setMachineSecret = (name: string, options: GlobalOptions & { readonly keyDir?: string }): Promise<void> =>
  askKeep(options, async (client) => {
    answerOf(await client.call(machines.show, { name }), name);
    const secret = options.keyDir === undefined ? await readMessage() : await encryptHere(options.keyDir);
    answerOf(await client.call(machines.setSecret, { name, secret }, { requestId: randomUUID() }), name);
    say(`${name} has a new secret.`);
  });
