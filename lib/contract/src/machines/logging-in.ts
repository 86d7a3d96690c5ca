// Operations by which a machine becomes somebody to the HTTP API: it signs what the keep asks, with a key that the keep knows it
// by, and gets a token for some minutes.

import * as z from 'zod';
import { bytes, defineOperation } from '../operation.ts';
import { machineNameSchema } from './identity.ts';

/** Begins every token of a machine. */
export const MACHINE_TOKEN_PREFIX = 'chm_';

/** How long a token of a machine is good if nobody says otherwise: 15 minutes. */
export const MACHINE_TOKEN_LIFE_MS = 15 * 60_000;

/** Most of it: one hour. */
export const MAX_MACHINE_TOKEN_LIFE_MS = 60 * 60_000;

/** What a login is about: for whom, for how long, and the two nonces that make it one of a kind. */
export interface MachineLogin {
  readonly name: string;
  readonly lifeMs: number;
  readonly nonce: Uint8Array;
  readonly clientNonce: Uint8Array;
}

const hex = (part: Uint8Array): string => Buffer.from(part).toString('hex');

/**
 * The exact bytes that a login signs: one line a field, UTF-8, each ended by a newline. No name has a newline, and nothing else
 * that is signed with a machine's key (a handshake of TLS, a heartbeat) begins like this.
 */
export const machineLoginStatement = (
  storeId: string,
  { name, lifeMs, nonce, clientNonce }: MachineLogin,
): Uint8Array => {
  const lines = [
    'chatelaine machine login v1',
    `store: ${storeId}`,
    `machine: ${name}`,
    `life: ${lifeMs}`,
    `nonce: ${hex(nonce)}`,
    `client: ${hex(clientNonce)}`,
  ];
  return new TextEncoder().encode([...lines, ''].join('\n'));
};

export const challenge = defineOperation({
  name: 'machines.challenge',
  summary: 'Gives what a login of a machine has to sign; good for half a minute.',
  kind: 'read',
  roles: ['gate'],
  http: { method: 'POST', path: '/machine-tokens/challenge', isOpen: true },
  capability: 'machines.login',
  input: z.strictObject({}),
  output: z.strictObject({
    storeId: z.string().describe('which server this is; whoever signs for one server must know its own'),
    nonce: bytes({ min: 32, max: 32 }),
  }),
  refusals: [],
});

export const login = defineOperation({
  name: 'machines.login',
  summary: 'Gives a machine a token: it proves its key to the keep, not to the gate.',
  description:
    'The signature is over the text of `machineLoginStatement`: lines `chatelaine machine login v1`, `store: `, `machine: `, ' +
    '`life: ` (in ms), `nonce: ` and `client: ` (in hex), each ended by a newline. By the heartbeat key if the machine has one, ' +
    'otherwise by its TLS key; Ed25519, Ed448, ECDSA with the hash of its curve, or RSASSA-PSS with SHA-256. The token is ' +
    'good for as long as the machine is enabled and alive, and not longer than `lifeMs`. A gate that relays it can keep it ' +
    'back, not make it.',
  kind: 'release',
  roles: ['gate'],
  http: { method: 'POST', path: '/machine-tokens', isOpen: true },
  capability: 'machines.login',
  input: z.strictObject({
    name: machineNameSchema,
    lifeMs: z.number().int().min(1_000).max(MAX_MACHINE_TOKEN_LIFE_MS),
    nonce: bytes({ min: 32, max: 32 }).describe('of the challenge'),
    clientNonce: bytes({ min: 16, max: 16 }).describe('random, made by the machine; never used again'),
    publicKey: bytes({ min: 1, max: 4_096 }).describe('DER SubjectPublicKeyInfo'),
    signature: bytes({ min: 1, max: 2_048 }),
  }),
  output: z.strictObject({
    token: bytes({ min: 40, max: 64 }).describe('ASCII text, to be sent as a bearer token'),
    expiresAtUnixMs: z.number().int(),
  }),
  refusals: ['stale', 'bad-proof', 'replayed', 'disabled', 'expired', 'clock-behind', 'disk-full'],
});
