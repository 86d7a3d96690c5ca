// What an instance for trying out speaks besides Mandos: the HTTP API and Yubico's validation protocol, with TLS and, for curl
// without further ado, without, both only on this machine; and the line protocol, on a socket in its directory.

import { join } from 'node:path';

const tables = (directory: string): string => `
[gate.http]
listen = ["127.0.0.1:0"]
plain = ["127.0.0.1:0"]
metrics_on_loopback = true

[gate.k2]
socket = ${JSON.stringify(join(directory, 'run', 'k2.sock'))}
`;

/** The configuration with both, if it has no API yet. Fronts that a person chose stay as they are. */
export const withFronts = (text: string, directory: string): string => {
  if (/^[ \t]*\[[ \t]*gate\.http[ \t]*\]/m.test(text) || /^[ \t]*fronts[ \t]*=/m.test(text)) return text;
  const named = text.replace(/^\[gate\]\n/m, (head) => `${head}fronts = ["mandos", "http", "yubico", "k2"]\n`);
  return named === text ? text : `${named.trimEnd()}\n${tables(directory)}`;
};

/** Where the API listens, as the gate says it: with TLS and without. */
export const httpAddresses = (ready: Readonly<Record<string, unknown>>): { http?: string; https?: string } => {
  const { http: addresses } = ready;
  const find = (scheme: string): string | undefined =>
    Array.isArray(addresses)
      ? addresses
          .map(String)
          .find((address) => address.startsWith(scheme))
          ?.slice(scheme.length)
      : undefined;
  const [plain, tls] = [find('http://'), find('https://')];
  return { ...(plain !== undefined && { http: plain }), ...(tls !== undefined && { https: tls }) };
};
