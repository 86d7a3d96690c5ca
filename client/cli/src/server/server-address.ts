// A server that is asked over the network: its address, and by what it is known.

import { isIP } from 'node:net';
import { Failure } from '../failure.ts';

/** Its address as people write it, without anything that could carry more. */
export interface ServerAddress {
  /** `https://host:port`, or `http://` on this machine alone. */
  readonly origin: string;
  readonly hostname: string;
  readonly port: number;
  readonly isEncrypted: boolean;
}

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'));

/** Reads an address; `https://` may be left out. */
export const parseServerAddress = (text: string): ServerAddress => {
  const url = URL.parse(/^[a-z]+:\/\//.test(text) ? text : `https://${text}`);
  const isPlain = url?.protocol === 'http:';
  if (url === null || (url.protocol !== 'https:' && !isPlain) || url.href !== `${url.origin}/`) {
    throw new Failure(
      'usage',
      `${text} is not the address of a server.`,
      'Write it like https://keys.example.org:8443.',
    );
  }
  if (isPlain && !isLoopback(url.hostname)) {
    throw new Failure('usage', 'A server on another machine is only asked over https.');
  }
  const port = url.port === '' ? (isPlain ? 80 : 443) : Number(url.port);
  return { origin: url.origin, hostname: url.hostname.replace(/^\[|\]$/g, ''), port, isEncrypted: !isPlain };
};
