// Where a Mandos server is: a numeric address and a port, `192.0.2.1:14711`, `[2001:db8::1]:14711`, or without brackets, since the
// last colon stands before the port. Names are not taken: a machine that boots cannot look them up.

import { isIP, isIPv6 } from 'node:net';

export interface ServerAddress {
  /** Numeric; a link-local one with its scope, as `fe80::1%eth0`. */
  readonly host: string;
  readonly port: number;
}

/** Reads one; `undefined` if it is none. */
export const parseServerAddress = (text: string): ServerAddress | undefined => {
  const [, bracketed, plain, digits = ''] = /^(?:\[([^\]]*)\]|(.*)):([0-9]{1,5})$/s.exec(text) ?? [];
  const host = bracketed ?? plain ?? '';
  const port = Number(digits);
  const isAddress = bracketed === undefined ? isIP(host) !== 0 : isIPv6(host);
  return isAddress && port >= 1 && port <= 65_535 ? { host, port } : undefined;
};

/** As it is written. */
export const formatServerAddress = ({ host, port }: ServerAddress): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/** A link-local address gets the interface as its scope, unless it has one. RFC 4007, 11 */
export const withScope = (address: ServerAddress, scope: string | undefined): ServerAddress =>
  scope !== undefined && /^fe[89ab][0-9a-f]:/i.test(address.host) && !address.host.includes('%')
    ? { ...address, host: `${address.host}%${scope}` }
    : address;
