// The public key of a machine's heartbeat, from whatever file it is in: PEM as of `openssl pkey -pubout`, a line of an
// OpenSSH `.pub` file, or the base64 of its 32 bytes. RFC 8410, RFC 8709.

import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Failure } from '../failure.ts';

const KEY_BYTES = 32;
// What stands before the key in a SubjectPublicKeyInfo, and in the blob of an SSH key.
const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex');
const SSH_HEAD = Buffer.from('0000000b7373682d6564323535313900000020', 'hex');

const after = (head: Buffer, bytes: Buffer): Buffer | undefined =>
  bytes.length === head.length + KEY_BYTES && bytes.subarray(0, head.length).equals(head)
    ? bytes.subarray(head.length)
    : undefined;

const readPem = (text: string): Buffer | undefined => {
  try {
    return after(SPKI_HEAD, createPublicKey(text).export({ type: 'spki', format: 'der' }));
  } catch {
    return undefined;
  }
};

/** The base64 of the raw key; `undefined` if the text holds none, or holds a private one. */
export const parseHeartbeatKey = (text: string): string | undefined => {
  const trimmed = text.trim();
  if (trimmed.startsWith('-----BEGIN PUBLIC KEY-----')) return readPem(trimmed)?.toString('base64');
  const ssh = /^ssh-ed25519 ([A-Za-z0-9+/]+=*)( .*)?$/.exec(trimmed)?.[1];
  if (ssh !== undefined) return after(SSH_HEAD, Buffer.from(ssh, 'base64'))?.toString('base64');
  return /^[A-Za-z0-9+/]{43}=$/.test(trimmed) ? trimmed : undefined;
};

/** Reads the file of `--heartbeat-key`. */
export const readHeartbeatKey = async (file: string): Promise<string> => {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new Failure('input', `${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}.`);
  }
  const key = parseHeartbeatKey(text);
  if (key !== undefined) return key;
  throw new Failure(
    'input',
    `${file} is not an Ed25519 public key.`,
    'It may be PEM, an OpenSSH .pub file, or base64.',
  );
};
