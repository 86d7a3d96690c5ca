// What sessions are made with, made once: priorities and the (empty) credentials of the client role live as long as the
// process; a server's raw key lives until it is released and the last session with it is freed.
// RFC 7250; GnuTLS manual, "Priority strings".

import { FORMAT_PEM, type Handle, readHandle } from './gnutls.ts';
import { GnutlsError, gnutls, must } from './tls-session.ts';

/** What both sides of Mandos use by default. */
export const MANDOS_PRIORITY = 'SECURE128:!CTYPE-X.509:+CTYPE-RAWPK:!RSA:!VERS-ALL:+VERS-TLS1.3:%PROFILE_ULTRA';

/**
 * The same with X25519 as the first choice. A client makes a key share for its first group alone, and this one costs both
 * sides least; a server that does not have it asks for another one in a HelloRetryRequest.
 */
export const FAST_PRIORITY = [
  MANDOS_PRIORITY,
  '-GROUP-ALL',
  ...['X25519', 'SECP256R1', 'SECP384R1', 'SECP521R1', 'X448'].map((group) => `+GROUP-${group}`),
  ...['2048', '3072', '4096', '6144', '8192'].map((bits) => `+GROUP-FFDHE${bits}`),
].join(':');

const priorities = new Map<string, Handle>();
let clientCredentials: Handle | undefined;

/** A priority string that GnuTLS does not understand. */
export class PriorityError extends Error {
  override readonly name = 'PriorityError';
}

const allocate = (): Handle => {
  const out = Buffer.alloc(8);
  must(gnutls().allocateCredentials(out), 'allocate credentials');
  return readHandle(out);
};

/** Makes ready for a priority string, once for each. Throws {@link PriorityError}. */
export const preparePriority = (priority: string): Handle => {
  const known = priorities.get(priority);
  if (known !== undefined) return known;
  if (priority.includes('\0')) throw new PriorityError('a priority string cannot contain NUL');
  const out = Buffer.alloc(8);
  const result = gnutls().initPriority(out, priority);
  if (result < 0) throw new PriorityError(`GnuTLS does not understand the priority string "${priority}"`);
  const handle = readHandle(out);
  priorities.set(priority, handle);
  return handle;
};

/** Credentials without a key: in the client role nobody is asked for one. */
export const credentialsOfClient = (): Handle => {
  clientCredentials ??= allocate();
  return clientCredentials;
};

/** A raw key pair for the server role. */
export class RawKey {
  readonly #handle: Handle;
  #sessions = 0;
  #isReleased = false;

  private constructor(handle: Handle) {
    this.#handle = handle;
  }

  /**
   * Loads a key pair.
   *
   * @param publicKey SubjectPublicKeyInfo, PEM
   * @param privateKey PKCS #8, PEM, unencrypted; copied, the caller wipes it
   * @throws {GnutlsError} if it is not a key pair
   */
  static load(publicKey: Buffer, privateKey: Buffer): RawKey {
    const handle = allocate();
    const spki = { data: publicKey, size: publicKey.length };
    const key = { data: privateKey, size: privateKey.length };
    const result = gnutls().setRawKey(handle, spki, key, FORMAT_PEM);
    if (result < 0) {
      gnutls().freeCredentials(handle);
      throw new GnutlsError(`the TLS key pair cannot be loaded: ${gnutls().describe(result)}`);
    }
    return new RawKey(handle);
  }

  /** For one session; `giveBack` when it is freed. */
  take(): Handle {
    if (this.#isReleased) throw new GnutlsError('the key was released');
    this.#sessions++;
    return this.#handle;
  }

  giveBack(): void {
    this.#sessions--;
    this.#freeIfUnused();
  }

  /** Makes no more sessions; frees the key when the last one is. May be called again. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#freeIfUnused();
  }

  #freeIfUnused(): void {
    if (this.#isReleased && this.#sessions === 0) gnutls().freeCredentials(this.#handle);
  }
}
