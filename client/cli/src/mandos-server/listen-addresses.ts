// Where the gate listens for what Mandos would bind to: an address, the addresses of an interface, or all of them.

import type { NetworkInterfaceInfo } from 'node:os';
import type { ServerOptions } from './server-options.ts';

/** Always the same where none is named, so that a firewall can name it. */
export const DEFAULT_PORT = 14_711;
/** The gate's own limit. */
const MOST_ADDRESSES = 16;

export interface Listening {
  /** As [gate.mandos] listen has them. */
  readonly addresses: readonly string[];
  /** What is worth knowing. */
  readonly notes: readonly string[];
}

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

const isLinkLocal = (address: string): boolean => /^fe[89ab]/i.test(address);

const written = (host: string, port: number): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);

/** Finds them. A link-local address means nothing without its interface. */
export const listeningFor = (options: ServerOptions, interfaces: Interfaces): Listening => {
  const { address, interface: name, usesIpv6 } = options;
  const port = options.port ?? DEFAULT_PORT;
  if (address !== undefined) {
    const host = name !== undefined && isLinkLocal(address) && !address.includes('%') ? `${address}%${name}` : address;
    return { addresses: [written(host, port)], notes: [] };
  }
  const everywhere = written(usesIpv6 ? '::' : '0.0.0.0', port);
  if (name === undefined) return { addresses: [everywhere], notes: [] };
  const own = (interfaces[name] ?? []).filter(({ family }) => usesIpv6 || family === 'IPv4');
  if (own.length === 0) {
    // As Mandos: the machines are served all the same.
    return { addresses: [everywhere], notes: [`interface ${name} has no address: all addresses are listened at`] };
  }
  const hosts = own.map((info) => (isLinkLocal(info.address) ? `${info.address}%${name}` : info.address));
  const addresses = hosts.slice(0, MOST_ADDRESSES).map((host) => written(host, port));
  const notes = [
    `the addresses that interface ${name} has now are listened at; one that it gets later needs a restart`,
  ];
  if (options.announces) notes.push(`the server is announced on every network, not only on that of ${name}`);
  return { addresses, notes };
};
