// Whether this kernel could open boxes itself, so that no process ever saw the private key. Asked by loading a throw-away key, never by
// its version: most kernels are built without a reader of private keys. asymmetric-key(7), keyctl_pkey_query(3)

import { generateKeyPairSync } from 'node:crypto';
import * as keyctl from '../keyctl.ts';
import { KeyctlError } from '../keyctl-error.ts';
import { specialKeyring } from '../special-keyring.ts';

/** Where boxes could be opened. They are opened in user space in any case; the answer is for people. */
export type KernelAbility =
  /** The kernel holds private keys: of RSA, for blocks of a few hundred bytes that nothing authenticates. */
  | { readonly kind: 'rsa-private-keys' }
  /** The error that it answers with. */
  | { readonly kind: 'none'; readonly code: string };

/** Asks the kernel. Takes some tens of milliseconds, for making a key. */
export const probeKernelAbility = (): KernelAbility => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  const { thread } = specialKeyring;
  try {
    const id = keyctl.addKey('asymmetric', 'chatelaine throw-away', der, thread);
    try {
      const { canDecrypt } = keyctl.queryPublicKey(id, 'enc=pkcs1');
      return canDecrypt ? { kind: 'rsa-private-keys' } : { kind: 'none', code: 'EOPNOTSUPP' };
    } finally {
      keyctl.unlink(id, thread);
    }
  } catch (error) {
    if (error instanceof KeyctlError) return { kind: 'none', code: error.code };
    throw error;
  } finally {
    der.fill(0);
  }
};
