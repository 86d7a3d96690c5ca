// One conversation with one server of the directory: connect, find the entry, bind as it. No referral is followed: another
// host than those of the settings is never asked. Whoever is nobody's account is asked about as well, with a password that is
// nobody's, so that the same is said to the server and as often.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type net from 'node:net';
import { type Client, type Entry, ResultCodeError } from 'ldapts';
import { dnOf, filterOf, principalOf } from './account-name.ts';
import { verdictOfDiagnostic, verdictOfFlags } from './account-state.ts';
import { bindWithBytes } from './bind-with-bytes.ts';
import type { Verdict } from './directory-verdict.ts';
import type { LdapSettings } from './ldap-settings.ts';
import { clientOn, connectSecurely, DirectoryFailure } from './secure-connection.ts';
import { parseServer, readAuthority, type ServerAddress } from './server-address.ts';

/** What a server is asked. Passwords stay the caller's. */
export interface ServerQuestion {
  readonly server: string;
  /** The account's name; absent: one that nobody has. */
  readonly name?: string;
  readonly password: Uint8Array;
  /** Of the account that searches. */
  readonly bindPassword?: Uint8Array;
}

type Settings = Pick<
  LdapSettings,
  'ca_file' | 'user_dn' | 'user_principal' | 'search_base' | 'search_filter' | 'search_as' | 'timeout_seconds'
>;

// RFC 4511 section 4.1.9, appendix A
const noSuchObject = 32;
const inappropriateAuthentication = 48;
const invalidCredentials = 49;
const constraintViolation = 19;

const FLAGS = 'userAccountControl';

/** What a refused bind says about the account; a refusal that is none of the account's is a failure. */
const verdictOfRefusal = (error: unknown): Verdict => {
  if (!(error instanceof ResultCodeError)) throw error;
  const { code, message } = error;
  if (code === invalidCredentials) return verdictOfDiagnostic(message);
  if (code === noSuchObject) return { kind: 'wrong', why: 'no-entry' };
  if (code === inappropriateAuthentication) return { kind: 'wrong', why: 'password' };
  // 389 Directory Server says so when there were too many wrong passwords.
  if (code === constraintViolation) return { kind: 'wrong', why: 'locked' };
  throw error;
};

const bindAs = async (client: Client, socket: net.Socket, name: string, password: Uint8Array): Promise<Verdict> => {
  try {
    await bindWithBytes(client, socket, name, password);
    return { kind: 'right' };
  } catch (error) {
    return verdictOfRefusal(error);
  }
};

/** The entries of a name, at most two: more than one is nobody. */
const findEntries = async (client: Client, settings: Settings, name: string): Promise<readonly Entry[]> => {
  const { search_base: base = '', search_filter: filter, timeout_seconds: timeLimit } = settings;
  const options = { filter: filterOf(filter, name), sizeLimit: 2, timeLimit, attributes: [FLAGS] };
  try {
    const { searchEntries } = await client.search(base, { scope: 'sub', derefAliases: 'never', ...options });
    return searchEntries;
  } catch (error) {
    if (error instanceof ResultCodeError && error.code === noSuchObject) throw new DirectoryFailure('base-not-found');
    throw error;
  }
};

const bindAsSearcher = async (
  client: Client,
  socket: net.Socket,
  { search_as: name }: Settings,
  password: Uint8Array | undefined,
): Promise<void> => {
  if (name === undefined) return;
  if (password === undefined || password.length === 0) throw new DirectoryFailure('no-bind-password');
  const verdict = await bindAs(client, socket, name, password);
  if (verdict.kind !== 'right') throw new DirectoryFailure('bind-refused', 'why' in verdict ? verdict.why : undefined);
};

const flagsOf = (entry: Entry): string | undefined => {
  const [, value] = Object.entries(entry).find(([type]) => type.toLowerCase() === FLAGS.toLowerCase()) ?? [];
  return value === undefined || value.length === 0 ? undefined : String(value);
};

/** A name that no account has. */
const nobodysName = (): string => randomBytes(16).toString('hex');

const askBySearch = async (
  client: Client,
  socket: net.Socket,
  settings: Settings,
  { name, password, bindPassword }: ServerQuestion,
): Promise<Verdict> => {
  await bindAsSearcher(client, socket, settings, bindPassword);
  const entries = await findEntries(client, settings, name ?? nobodysName());
  const [entry] = entries;
  if (name === undefined || entry === undefined || entries.length > 1) {
    await bindAs(client, socket, `cn=${nobodysName()},${settings.search_base}`, randomBytes(password.length));
    return { kind: 'wrong', why: entries.length > 1 ? 'several-entries' : 'no-entry' };
  }
  const verdict = await bindAs(client, socket, entry.dn, password);
  return verdict.kind === 'right' ? verdictOfFlags(flagsOf(entry)) : verdict;
};

const askDirectly = async (
  client: Client,
  socket: net.Socket,
  { user_dn: dn, user_principal: principal = '' }: Settings,
  question: ServerQuestion,
): Promise<Verdict> => {
  const nameOf = (name: string): string | undefined =>
    dn === undefined ? principalOf(principal, name) : dnOf(dn, name);
  const known = question.name === undefined ? undefined : nameOf(question.name);
  if (known !== undefined) return await bindAs(client, socket, known, question.password);
  await bindAs(client, socket, nameOf(nobodysName()) ?? '', randomBytes(question.password.length));
  return { kind: 'wrong', why: 'no-entry' };
};

const authorityOf = ({ ca_file: file = '' }: Settings): string => {
  try {
    return readAuthority(file);
  } catch (error) {
    throw new DirectoryFailure('ca-file', (error as Error).message);
  }
};

/** How the library says that the connection is gone. */
const BROKEN_OFF = /^(?:Connection closed|Socket error|Socket connection)/;

const failureOf = (error: unknown): Verdict => {
  if (error instanceof DirectoryFailure) {
    const { problem, detail } = error;
    return { kind: 'failed', problem, ...(detail !== undefined && { detail }) };
  }
  if (error instanceof ResultCodeError) return { kind: 'failed', problem: 'refused', detail: `result ${error.code}` };
  const isGone = error instanceof Error && BROKEN_OFF.test(error.message);
  return { kind: 'failed', problem: isGone ? 'broken-off' : 'malformed' };
};

const converse = async (
  settings: Settings,
  address: ServerAddress,
  question: ServerQuestion,
  keepTrack: (socket: net.Socket) => void,
): Promise<Verdict> => {
  const socket = await connectSecurely(address, authorityOf(settings), keepTrack);
  const gone = once(socket, 'close').then(() => {
    throw new DirectoryFailure('broken-off');
  });
  const ask = settings.search_base === undefined ? askDirectly : askBySearch;
  // On a connection that is gone the library waits for an answer that never comes.
  return await Promise.race([ask(clientOn(socket), socket, settings, question), gone]);
};

/** Asks one server. Never throws for anything that a server or the network does. */
export const askServer = async (settings: Settings, question: ServerQuestion): Promise<Verdict> => {
  const address = parseServer(question.server);
  if (address === undefined) throw new TypeError('no address of a server');
  const sockets: net.Socket[] = [];
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new DirectoryFailure('timed-out')), settings.timeout_seconds * 1_000);
  try {
    return await Promise.race([converse(settings, address, question, (made) => void sockets.push(made)), late]);
  } catch (error) {
    return failureOf(error);
  } finally {
    clearTimeout(timer);
    // The outermost takes those below with it.
    for (const socket of sockets) socket.on('error', () => undefined);
    sockets.at(-1)?.destroy();
  }
};
