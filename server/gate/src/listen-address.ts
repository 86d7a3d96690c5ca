// Where a front listens: `ADDRESS:PORT`, an IPv6 address in brackets. Port 0 lets the system pick one.

import { isIPv4, isIPv6, type ListenOptions, type Server } from 'node:net';
import * as z from 'zod';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Parses; undefined if it is not an address and port. Names are not looked up: an address must not depend on a resolver. */
export const parseListenAddress = (text: string): ListenAddress | undefined => {
  const { host, bracketed, digits } =
    /^(?:\[(?<bracketed>[^\]]+)\]|(?<host>[^:]+)):(?<digits>\d{1,5})$/.exec(text)?.groups ?? {};
  const port = Number(digits);
  if (digits === undefined || port > 65_535) return undefined;
  if (bracketed !== undefined) return isIPv6(bracketed) ? { host: bracketed, port } : undefined;
  return host !== undefined && isIPv4(host) ? { host, port } : undefined;
};

/** An address in the configuration. */
export const listenAddress = z.string().transform((text, context) => {
  const address = parseListenAddress(text);
  if (address !== undefined) return address;
  context.addIssue('must be ADDRESS:PORT with an IPv4 address, or [ADDRESS]:PORT with an IPv6 address');
  return z.NEVER;
});

/** The configuration's list of addresses. */
export const listenAddresses = z.array(listenAddress).min(1).max(16).readonly();

/** An address as it is shown. */
export const formatListenAddress = ({ host, port }: ListenAddress): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/** An address that cannot be listened at. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** Makes a server listen. Resolves with where it does; throws {@link ListenError}. */
export const listenAt = (
  server: Server,
  address: ListenAddress,
  options: Pick<ListenOptions, 'backlog'>,
): Promise<ListenAddress> =>
  new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      reject(new ListenError(`cannot listen at ${formatListenAddress(address)}: ${error.code ?? error.message}`));
    };
    server.once('error', fail);
    server.listen({ ...address, ...options }, () => {
      server.off('error', fail);
      const bound = server.address();
      resolve({ host: address.host, port: typeof bound === 'object' && bound !== null ? bound.port : address.port });
    });
  });
