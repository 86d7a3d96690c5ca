// What a store of either kind gives back.

import { allocateSecret } from './secret-buffer.ts';

/** An account of a service, with its secret as bytes that the caller wipes. */
export interface Credential {
  readonly account: string;
  readonly password: Buffer;
}

/** How a secret is kept. */
export interface SetOptions {
  /**
   * Seconds after which the kernel forgets it; 0 for never. Without it a new entry lives on, and one that is there keeps the time
   * that it has yet.
   */
  readonly timeoutSeconds?: number;
}

/** Bytes as text. */
export const textOf = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

/** Does something with a secret as bytes; if it came as text, our copy is wiped afterwards. */
export const withBytes = (secret: Uint8Array | string, use: (bytes: Uint8Array) => void): void => {
  if (typeof secret !== 'string') {
    use(secret);
    return;
  }
  if (!secret.isWellFormed()) throw new TypeError('the secret contains a lone surrogate');
  const bytes = allocateSecret(Buffer.byteLength(secret));
  try {
    bytes.write(secret);
    use(bytes);
  } finally {
    bytes.fill(0);
  }
};
