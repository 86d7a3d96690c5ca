// Logins are kept under the session of the shell: sealed so that only this shell opens them, and gone when it ends. They lie in the
// keyring of the kernel, where there is one that lasts as long as the login to this machine, and expire there with the token; else
// in the session's own directory. Each is the server's address, with the token and the fingerprint it is known by.

import type { PasswordStore } from '@chatelaine/keyring';
import type { ShellSession, VaultKey } from '@chatelaine/session';
import { Failure } from '../failure.ts';
import { orFail } from '../session/failure-of.ts';
import { openOwnSession } from '../session/own-session.ts';
import type { ServerAddress } from './server-address.ts';

/** Where a login lies. `memory` and `disk` are the session's directory. */
export type LoginPlace = 'kernel keyring' | 'memory' | 'disk';

const RING = 'chatelaine-logins';
const VAULT_PREFIX = 'login ';
const SEPARATOR = 0x0a;

const vaultOf = ({ origin }: ServerAddress): string => `${VAULT_PREFIX}${origin}`;
const directoryOf = ({ isInMemory }: ShellSession): LoginPlace => (isInMemory ? 'memory' : 'disk');

/** Does something with the keyring of the login to this machine; `undefined` if there is none, or it cannot be used. */
const withKeyring = async <T>(work: (ring: PasswordStore) => T): Promise<T | undefined> => {
  const { isKeyctlError, KeyringError, PasswordStore: Store } = await import('@chatelaine/keyring');
  try {
    return work(new Store({ name: RING, parent: 'session' }));
  } catch (error) {
    if (error instanceof KeyringError || isKeyctlError(error)) return undefined;
    throw error;
  }
};

/** Keeps a login until it expires, and says where. The caller wipes `token`. */
export const keepLogin = async (
  server: ServerAddress,
  token: Uint8Array,
  fingerprint: string | undefined,
  lifeMs: number,
): Promise<LoginPlace> => {
  using session = openOwnSession();
  const vault = vaultOf(server);
  const entry = Buffer.concat([Buffer.from(`${fingerprint ?? ''}\n`), token]);
  try {
    const { label, sealed } = orFail(session.seal(vault, entry));
    const timeoutSeconds = Math.ceil(lifeMs / 1_000);
    const isKept = await withKeyring((ring) => {
      ring.setPassword(session.id, label, sealed, { timeoutSeconds });
      return true;
    });
    if (isKept === true) {
      session.logout(vault);
      return 'kernel keyring';
    }
    orFail(session.login(vault, entry));
    return directoryOf(session);
  } finally {
    entry.fill(0);
  }
};

/** A login that is kept; `token` is wiped by the caller. */
export interface KeptLogin {
  readonly fingerprint: string | undefined;
  readonly token: Uint8Array;
}

const keyOf = async (session: ShellSession, server: ServerAddress): Promise<VaultKey | undefined> => {
  const vault = vaultOf(server);
  const found = session.key(vault);
  if (found.kind === 'key' || found.code !== 'not-logged-in') return orFail(found);
  const label = session.labelOf(vault);
  const sealed = await withKeyring((ring) => ring.getPassword(session.id, label));
  return sealed === undefined ? undefined : orFail(session.unseal(label, sealed));
};

/** Finds the login at a server. Without one the command ends. */
export const findLogin = async (server: ServerAddress): Promise<KeptLogin> => {
  using session = openOwnSession();
  const found = await keyOf(session, server);
  if (found === undefined) {
    throw new Failure(
      'notLoggedIn',
      `This shell is not logged in at ${server.origin}.`,
      `chatelaine login ${server.origin}`,
    );
  }
  using key = found.key;
  const at = key.bytes.indexOf(SEPARATOR);
  const fingerprint = Buffer.from(key.bytes.subarray(0, at)).toString();
  return { fingerprint: fingerprint === '' ? undefined : fingerprint, token: Buffer.from(key.bytes.subarray(at + 1)) };
};

/** Forgets it. */
export const forgetLogin = async (server: ServerAddress): Promise<void> => {
  using session = openOwnSession();
  const vault = vaultOf(server);
  await withKeyring((ring) => ring.deletePassword(session.id, session.labelOf(vault)));
  const forgotten = session.logout(vault);
  if (forgotten.kind === 'refused' && forgotten.code !== 'not-logged-in') orFail(forgotten);
};

/** Forgets all logins of a session that lie in the keyring; those in its directory end with what else is there. */
export const forgetLoginsInKeyring = async ({ id }: ShellSession): Promise<void> => {
  await withKeyring((ring) => {
    for (const label of ring.findAccounts(id)) ring.deletePassword(id, label);
  });
};

/** A login as it is listed. */
export interface ListedLogin {
  readonly server: string;
  readonly loggedInAtUnixMs: number;
  readonly keptIn: LoginPlace;
}

/** Every login of a session, by server. */
export const listLogins = async (session: ShellSession): Promise<readonly ListedLogin[]> => {
  const serverOf = (vault: string): string => vault.slice(VAULT_PREFIX.length);
  const inDirectory = session
    .vaults()
    .filter(({ name }) => isLoginVault(name))
    .map(({ name, loggedInAtUnixMs }) => ({ server: serverOf(name), loggedInAtUnixMs, keptIn: directoryOf(session) }));
  const inKeyring = await withKeyring((ring) =>
    ring.findAccounts(session.id).flatMap((label): ListedLogin[] => {
      const sealed = ring.getPassword(session.id, label);
      const opened = sealed === undefined ? undefined : session.unseal(label, sealed);
      if (opened?.kind !== 'key') return [];
      opened.key.release();
      const { vault, loggedInAtUnixMs } = opened;
      return [{ server: serverOf(vault), loggedInAtUnixMs, keptIn: 'kernel keyring' }];
    }),
  );
  return [...inDirectory, ...(inKeyring ?? [])].toSorted((a, b) => (a.server < b.server ? -1 : 1));
};

/** Whether what lies in the session's directory under that name is a login. */
export const isLoginVault = (name: string): boolean => /^login https?:\/\//.test(name);
