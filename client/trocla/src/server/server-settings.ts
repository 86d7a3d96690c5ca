// Where the passwords are, if the configuration says `store: chatelaine`: a server on the network, with a token in a file; or the keep
// of this machine, whose configuration names the socket and the key of its administrator.

import { readFileSync } from 'node:fs';
import { ActionFailed } from '../failed-action.ts';

/** A server on the network. */
export interface NetworkServer {
  readonly kind: 'network';
  readonly url: URL;
  /** ASCII, read when it is needed. */
  readonly readToken: () => Buffer;
  /** Certificates that are trusted instead of those of the system. */
  readonly trusted: Buffer | undefined;
  /** SHA-256 of the server's certificate, which is trusted by it alone. */
  readonly fingerprint: string | undefined;
}

/** The keep of this machine. */
export interface LocalKeep {
  readonly kind: 'local';
  /** Absent: the default one. */
  readonly configFile: string | undefined;
}

const known = ['server', 'token_file', 'ca_file', 'fingerprint', 'config'];

const fail = (message: string): never => {
  throw new ActionFailed(`store_options: ${message}`);
};

const readFile = (file: string, name: string): Buffer => {
  try {
    return readFileSync(file);
  } catch (error) {
    return fail(`${name} ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
};

const tokenIn = (file: string): Buffer => {
  const bytes = readFile(file, 'token_file');
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] ?? 0) <= 0x20) end--;
  return bytes.subarray(0, end);
};

const isLoopback = (host: string): boolean => host === 'localhost' || host === '[::1]' || /^127\./.test(host);

const urlOf = (text: string): URL => {
  const url = URL.parse(text) ?? fail('server is no address such as https://keys.example.org:8443');
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
  if (!isSafe || url.href !== `${url.origin}/`)
    return fail('server is no address such as https://keys.example.org:8443');
  return url;
};

/** Throws `ActionFailed` if they make no sense. */
export const serverSettings = (options: Readonly<Record<string, unknown>>): NetworkServer | LocalKeep => {
  const texts = new Map<string, string>();
  for (const [name, value] of Object.entries(options)) {
    if (!known.includes(name)) return fail(`${name} is not known; there are ${known.join(', ')}`);
    if (typeof value !== 'string' || value === '') return fail(`${name} is no text`);
    texts.set(name, value);
  }
  const server = texts.get('server');
  const tokenFile = texts.get('token_file');
  const caFile = texts.get('ca_file');
  if (server === undefined) {
    if (texts.size > (texts.has('config') ? 1 : 0)) return fail('server is missing');
    return { kind: 'local', configFile: texts.get('config') };
  }
  if (texts.has('config')) return fail('config and server exclude each other');
  if (tokenFile === undefined) return fail('token_file is missing');
  return {
    kind: 'network',
    url: urlOf(server),
    readToken: () => tokenIn(tokenFile),
    trusted: caFile === undefined ? undefined : readFile(caFile, 'ca_file'),
    fingerprint: texts.get('fingerprint'),
  };
};
