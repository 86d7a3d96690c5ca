// Signs with OpenSSH, so that a key in a file, in an agent or in a security key will do, and its pass phrase and touch are
// asked for as everywhere else. The private key is never read here. ssh-keygen(1), `-Y sign`; PROTOCOL.sshsig

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { machines } from '@chatelaine/contract';
import { Failure } from '../failure.ts';

const ARMOUR = /^-----BEGIN SSH SIGNATURE-----\s+([A-Za-z0-9+/=\s]+?)\s*-----END SSH SIGNATURE-----\s*$/;

/** The binary signature within its armour; `undefined` if that is not what it is. */
export const unarmour = (text: string): Uint8Array | undefined => {
  const base64 = ARMOUR.exec(text)?.[1]?.replaceAll(/\s/g, '');
  return base64 === undefined ? undefined : Uint8Array.from(Buffer.from(base64, 'base64'));
};

/**
 * Signs exactly these bytes.
 *
 * @param keyFile the private key, or a public one whose private half an agent holds
 * @returns the binary SSHSIG
 */
export const signWithOpenSsh = async (
  text: Uint8Array,
  keyFile: string,
  namespace: string = machines.APPROVAL_NAMESPACE,
): Promise<Uint8Array> => {
  const args = ['-q', '-Y', 'sign', '-n', namespace, '-f', keyFile];
  // Questions and words of ssh-keygen go to the terminal itself.
  const child = spawn('ssh-keygen', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const { stdin, stdout } = child;
  let signature = '';
  stdout.setEncoding('latin1').on('data', (part: string) => {
    signature += part;
  });
  stdin.on('error', () => undefined);
  stdin.end(text);
  let code: unknown;
  try {
    [code] = await once(child, 'close');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw new Failure('configuration', `ssh-keygen cannot be started: ${reason}.`, 'It comes with openssh-client.');
  }
  const blob = code === 0 ? unarmour(signature) : undefined;
  if (blob === undefined) throw new Failure('refused', `ssh-keygen did not sign with ${keyFile}; nothing was sent.`);
  return blob;
};
