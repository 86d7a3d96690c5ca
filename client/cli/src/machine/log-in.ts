// A machine's way to a token: it signs what the keep behind a server asks, with its own key. What is signed names the server, so
// that no other server can use the signature there; which server that is, is certain by its certificate.

import { createPrivateKey, type KeyObject, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Client, createClient, machines } from '@chatelaine/contract';
import { signStatement } from '@chatelaine/rawtls/signed-statement';
import { Failure } from '../failure.ts';
import { answerOf } from '../refused-answer.ts';
import { httpTransport } from '../server/http-transport.ts';
import type { ServerAddress } from '../server/server-address.ts';

const CLIENT_NONCE_BYTES = 16;

/** Reads the file of `--key`: PEM, not encrypted, as `tls-privkey.pem` of a machine is. */
export const readMachineKey = (file: string): KeyObject => {
  let text: Buffer;
  try {
    text = readFileSync(file);
  } catch (error) {
    throw new Failure('input', `${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}.`);
  }
  try {
    return createPrivateKey(text);
  } catch {
    throw new Failure(
      'input',
      `${file} is no private key in PEM.`,
      'On a machine it is /etc/keys/mandos/tls-privkey.pem.',
    );
  } finally {
    text.fill(0);
  }
};

/** Where and as whom a machine logs in. */
export interface MachineAtServer {
  readonly server: ServerAddress;
  /** SHA-256 of the server's certificate; absent: the system has to trust it. */
  readonly fingerprint: string | undefined;
  readonly name: string;
  readonly key: KeyObject;
  readonly lifeMs: number;
  /** The only store that is signed for; absent: whichever is behind the server. */
  readonly storeId: string | undefined;
}

const storeOf = (shown: string, { storeId, server }: MachineAtServer): string => {
  if (storeId === undefined || storeId === shown) return shown;
  throw new Failure('refused', `${server.origin} is not the server of the store that --store names.`);
};

const loginOver = async (client: Client, machine: MachineAtServer): Promise<Uint8Array> => {
  const { name, lifeMs, key } = machine;
  const { storeId, nonce } = answerOf(await client.call(machines.challenge, {}), name);
  const login = { name, lifeMs, nonce, clientNonce: randomBytes(CLIENT_NONCE_BYTES) };
  const signed = signStatement(key, machines.machineLoginStatement(storeOf(storeId, machine), login));
  if (signed === undefined)
    throw new Failure('input', 'No machine has a key of this type.', 'See chatelaine machine enroll.');
  return answerOf(await client.call(machines.login, { ...login, ...signed }), name).token;
};

/** Logs in. The caller wipes the token, which is ASCII. */
export const logInAsMachine = (machine: MachineAtServer): Promise<Uint8Array> => {
  const { server, fingerprint } = machine;
  return loginOver(createClient(httpTransport({ server, fingerprint })), machine);
};
