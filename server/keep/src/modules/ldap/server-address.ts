// Where a server of the directory is, and whom it is believed by.

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Where a server is, and how a connection to it becomes encrypted. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  /** It begins unencrypted, and nothing is said before it is encrypted. RFC 4511 section 4.14 */
  readonly isStartTls: boolean;
}

/** Parses `ldaps://HOST[:PORT]` or `ldap://HOST[:PORT]`; undefined if it is something else, or more. */
export const parseServer = (text: string): ServerAddress | undefined => {
  const [, scheme, host = '', port] =
    /^(ldaps?):\/\/(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z](?:[0-9A-Za-z.-]{0,252}))(?::(\d{1,5}))?\/?$/.exec(text) ?? [];
  if (scheme === undefined) return undefined;
  const isStartTls = scheme === 'ldap';
  const number = port === undefined ? (isStartTls ? 389 : 636) : Number(port);
  if (number < 1 || number > 65_535) return undefined;
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: number, isStartTls };
};

/** The certificates of the authority. Throws with words if there are none. */
export const readAuthority = (file: string): string => {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  try {
    new X509Certificate(text);
  } catch {
    throw new Error('has no certificate in PEM');
  }
  return text;
};
