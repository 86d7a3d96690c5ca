// Logins are kept in the session of the shell: sealed, in memory, and gone when the shell ends. Each is the server's address,
// with the token and the fingerprint it is known by.

import { Failure } from '../failure.ts';
import { orFail } from '../session/failure-of.ts';
import { openOwnSession } from '../session/own-session.ts';
import type { ServerAddress } from './server-address.ts';

const vaultOf = ({ origin }: ServerAddress): string => `login ${origin}`;

const SEPARATOR = 0x0a;

/** Keeps a login. The caller wipes `token`. */
export const keepLogin = (server: ServerAddress, token: Uint8Array, fingerprint: string | undefined): void => {
  using session = openOwnSession();
  const entry = Buffer.concat([Buffer.from(`${fingerprint ?? ''}\n`), token]);
  try {
    orFail(session.login(vaultOf(server), entry));
  } finally {
    entry.fill(0);
  }
};

/** A login that is kept; `token` is wiped by the caller. */
export interface KeptLogin {
  readonly fingerprint: string | undefined;
  readonly token: Uint8Array;
}

/** Finds the login at a server. Without one the command ends. */
export const findLogin = (server: ServerAddress): KeptLogin => {
  using session = openOwnSession();
  const found = session.key(vaultOf(server));
  if (found.kind === 'refused' && found.code === 'not-logged-in') {
    throw new Failure(
      'notLoggedIn',
      `This shell is not logged in at ${server.origin}.`,
      `chatelaine login ${server.origin}`,
    );
  }
  using key = orFail(found).key;
  const at = key.bytes.indexOf(SEPARATOR);
  const fingerprint = Buffer.from(key.bytes.subarray(0, at)).toString();
  return { fingerprint: fingerprint === '' ? undefined : fingerprint, token: Buffer.from(key.bytes.subarray(at + 1)) };
};

/** Forgets it. */
export const forgetLogin = (server: ServerAddress): void => {
  using session = openOwnSession();
  orFail(session.logout(vaultOf(server)));
};
