// The account that a process works as. Invariant: in production it is never root, and after the change there is no way back.
// credentials(7), setresuid(2), initgroups(3)

import { accessSync, constants } from 'node:fs';
import type { Purpose } from './config-tables.ts';
import { hardenProcess } from './harden-process.ts';
import { beginToKeepCapabilities, keepOnlyCapability } from './keep-capability.ts';
import { libc } from './libc.ts';
import { threadStatuses } from './thread-statuses.ts';

/** An account, with the group that its files belong to. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** What a process is to become. */
export interface AccountSettings {
  /** The account's name. */
  readonly account: string;
  /** The name of the group that all accounts of the house share. */
  readonly group: string;
  /** In development everything stays with the uid it was started as. */
  readonly purpose: Purpose;
  /** Whether the starter may have left the process the right to listen below port 1024; every other capability is refused. */
  readonly mayBindLowPorts?: boolean;
  /** Whether the process, and what it starts, keeps the right to ping: raw sockets. */
  readonly mayPing?: boolean;
}

/** An account or group that is missing or cannot be used; the message says what to do. */
export class AccountError extends Error {
  override readonly name = 'AccountError';
}

const isName = (name: string): boolean => /^[a-z_][a-z0-9_-]{0,31}$/i.test(name);

/** The account of that name with its own primary group, or `undefined`. */
export const lookUpAccount = (name: string): Account | undefined => {
  const entry = isName(name) ? libc().accountEntry(name) : undefined;
  return entry === undefined ? undefined : { name: entry.pw_name, uid: entry.pw_uid, gid: entry.pw_gid };
};

/** The id of the group of that name, or `undefined`. */
export const lookUpGroup = (name: string): number | undefined =>
  isName(name) ? libc().groupEntry(name)?.gr_gid : undefined;

const ownIds = (): { readonly uid: number; readonly gid: number } => {
  if (process.geteuid === undefined || process.getegid === undefined)
    throw new AccountError('this system has no accounts');
  return { uid: process.geteuid(), gid: process.getegid() };
};

/**
 * The account that {@link becomeAccount} will lead to, so that its directories can be made before. In production that is the
 * named account with the shared group; in development whoever started the process.
 *
 * @throws {AccountError} if account or group is missing (naming the command that makes them), if the account is root, or if the
 * process was started as neither root nor that account.
 */
export const resolveAccount = ({ account, group, purpose }: AccountSettings): Account => {
  const own = ownIds();
  if (purpose === 'development') return { name: account, ...own };
  const create = 'make it with: scripts/create-accounts';
  const found = lookUpAccount(account);
  if (found === undefined) throw new AccountError(`there is no account ${account}; ${create}`);
  const gid = lookUpGroup(group);
  if (gid === undefined) throw new AccountError(`there is no group ${group}; ${create}`);
  if (found.uid === 0 || gid === 0)
    throw new AccountError(`the account ${account} and the group ${group} must not be root's`);
  if (own.uid !== 0 && own.uid !== found.uid) {
    throw new AccountError(
      `start it as root or as ${account}; to try it out, set purpose = "development" or use: chatelaine dev`,
    );
  }
  if (own.uid !== 0 && own.gid !== gid)
    throw new AccountError(`started as ${account} it must run in the group ${group}`);
  return { name: found.name, uid: found.uid, gid };
};

/** Four equal ids each: real, effective, saved, file system. */
const hasOnly = (status: string, field: 'Uid' | 'Gid', id: number): boolean =>
  new RegExp(`^${field}:\\s+${id}\\s+${id}\\s+${id}\\s+${id}$`, 'm').test(status);

const CAP_NET_BIND_SERVICE = 1n << 10n;
const CAP_NET_RAW = 13;

const capabilitiesIn = (status: string): bigint =>
  [...status.matchAll(/^Cap(?:Prm|Eff|Amb):\s*([0-9a-f]+)$/gm)].reduce((all, [, hex]) => all | BigInt(`0x${hex}`), 0n);

const verifyThreads = ({ name, uid, gid }: Account, permitted: bigint): void => {
  for (const status of threadStatuses()) {
    const hasCapability = (capabilitiesIn(status) & ~permitted) !== 0n;
    if (!hasOnly(status, 'Uid', uid) || !hasOnly(status, 'Gid', gid) || hasCapability) {
      throw new AccountError(`the process could not give up root for ${name}`);
    }
  }
};

const isBackToRoot = (): boolean => {
  try {
    process.setuid?.(0);
    return true;
  } catch {
    return false;
  }
};

/** What is loaded later (workers, native parts) lies beside the program; without it the process would fail in the middle. */
const verifyProgramIsReadable = (name: string): void => {
  const program = process.argv[1];
  if (program === undefined) return;
  try {
    accessSync(program, constants.R_OK);
  } catch {
    throw new AccountError(`${name} cannot read ${program}: put Chatelaine where every account may read it`);
  }
};

/**
 * Gives up root for the account, for good and in every thread, and hardens the process again, since a change of uid may undo it.
 * Started as the account already (by systemd), or in development, nothing changes. To be called after what only root can do
 * (directories, low ports) and before anything that a peer sends is looked at.
 *
 * @returns the account the process works as now.
 * @throws {AccountError} as {@link resolveAccount}, or if the kernel did not do all of it.
 */
export const becomeAccount = (settings: AccountSettings): Account => {
  const account = resolveAccount(settings);
  if (settings.purpose === 'development') return account;
  if (process.geteuid?.() === 0) {
    // Missing in the type definitions.
    (process as unknown as { initgroups(user: string, extraGroup: number): void }).initgroups(
      account.name,
      account.gid,
    );
    process.setgid?.(account.gid);
    if (settings.mayPing === true) beginToKeepCapabilities();
    process.setuid?.(account.uid);
    if (settings.mayPing === true && !keepOnlyCapability(CAP_NET_RAW)) {
      throw new AccountError('the right to ping could not be kept; is CAP_NET_RAW taken from this machine?');
    }
  }
  const lowPorts = settings.mayBindLowPorts === true ? CAP_NET_BIND_SERVICE : 0n;
  verifyThreads(account, lowPorts | (settings.mayPing === true ? 1n << BigInt(CAP_NET_RAW) : 0n));
  if (isBackToRoot()) throw new AccountError(`the process could become root again after it became ${account.name}`);
  verifyProgramIsReadable(account.name);
  hardenProcess();
  return account;
};
