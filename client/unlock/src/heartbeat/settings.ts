// The options of a heartbeat.

import { hostname } from 'node:os';
import { type OptionForm, readOptions } from '../options/read-options.ts';

/** A server, and by what it is known. */
export interface HeartbeatServer {
  readonly url: URL;
  /** SHA-256 of its certificate as `AA:BB:…`; absent: the system has to trust it. */
  readonly fingerprint?: string;
}

export interface HeartbeatSettings {
  /** As the machine is enrolled. */
  readonly name: string;
  readonly keyFile: string;
  readonly servers: readonly HeartbeatServer[];
  /** Make the key, and say what the server needs. */
  readonly isEnrolment: boolean;
}

export type ReadHeartbeat =
  | { readonly kind: 'settings'; readonly settings: HeartbeatSettings }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string };

const KEY_FILE = '/var/lib/chatelaine-heartbeat/key.pem';

const forms: readonly OptionForm[] = [
  { name: 'name', short: 'n', takesValue: true },
  { name: 'key', short: 'k', takesValue: true },
  { name: 'server', short: 's', takesValue: true },
  { name: 'fingerprint', takesValue: true },
  { name: 'enrol' },
  { name: 'enroll' },
  { name: 'help', short: 'h' },
];

export const HEARTBEAT_HELP = `usage: chatelaine-unlock heartbeat --server URL [--fingerprint AA:BB:...] [OPTION...]
       chatelaine-unlock heartbeat --enrol [OPTION...]

Says to a server once that this machine is alive, by signing what the server asks with a key that only the running system has.
A timer does it again and again: integrations/systemd/machine/chatelaine-heartbeat.timer.

  -s, --server URL         the HTTP API of a server, as https://keys.example.org:8443; may be repeated
      --fingerprint F      SHA-256 of the certificate of the server named before it (default: the system has to trust it)
  -n, --name NAME          as this machine is enrolled (default: its host name)
  -k, --key FILE           the key (default ${KEY_FILE})
      --enrol              make the key if there is none, print its public half, and say what the server needs
  -h, --help               this text

Ends with 0 if every server has taken it, else with 1.
`;

const isLoopback = (hostname: string): boolean => hostname === '[::1]' || /^127\.[0-9.]+$/.test(hostname);

const readServer = (text: string): HeartbeatServer | undefined => {
  const url = URL.parse(text);
  if (url === null || url.href !== `${url.origin}/`) return undefined;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname)) ? { url } : undefined;
};

export const readHeartbeatSettings = (words: readonly string[]): ReadHeartbeat => {
  const read = readOptions(words, forms);
  if (read.kind === 'wrong') return read;
  const wrong = (message: string): ReadHeartbeat => ({ kind: 'wrong', message });
  const servers: HeartbeatServer[] = [];
  const values: Record<string, string> = {};
  for (const { name, value = '' } of read.options) {
    if (name === 'help') return { kind: 'help' };
    if (name === 'server') {
      const server = readServer(value);
      if (server === undefined) return wrong('--server: must be an address like https://keys.example.org:8443');
      servers.push(server);
    } else if (name === 'fingerprint') {
      const server = servers.pop();
      if (server === undefined) return wrong('--fingerprint: stands behind the --server it belongs to');
      if (!/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/i.test(value)) {
        return wrong('--fingerprint: must be 32 pairs of hexadecimal digits joined by ":"');
      }
      servers.push({ ...server, fingerprint: value.toUpperCase() });
    } else {
      values[name] = value;
    }
  }
  if (read.operands.length > 0) return wrong('there are too many arguments');
  const isEnrolment = 'enrol' in values || 'enroll' in values;
  if (servers.length === 0 && !isEnrolment) return wrong('say with --server who is to be told');
  return {
    kind: 'settings',
    settings: { name: values['name'] ?? hostname(), keyFile: values['key'] ?? KEY_FILE, servers, isEnrolment },
  };
};
