// Who is at the other end of a UNIX socket. The kernel notes the account when the connection is made; a peer cannot change it. The name
// is what the peer has bound its own end to: whoever wants may choose it. socket(7), SO_PEERCRED; unix(7)

import type { Socket } from 'node:net';
import { libc } from './libc.ts';

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
/** struct ucred: pid, uid, gid, each of 32 bits. */
const UCRED_BYTES = 12;
const UID_AT = 4;
/** struct sockaddr_un: the family, then up to 108 bytes. */
const ADDRESS_BYTES = 110;
const PATH_AT = 2;

const descriptorOf = (socket: Socket): number | undefined => {
  // Node.js has no other way to the descriptor.
  const fd = (socket as unknown as { readonly _handle?: { readonly fd?: number } })._handle?.fd;
  return fd === undefined || fd < 0 ? undefined : fd;
};

/** The uid of the process that connected. Undefined if the kernel does not say, which a caller must treat as a refusal. */
export const readPeerUid = (socket: Socket): number | undefined => {
  const descriptor = descriptorOf(socket);
  if (descriptor === undefined) return undefined;
  const value = Buffer.alloc(UCRED_BYTES);
  const length = new Uint32Array([UCRED_BYTES]);
  if (libc().getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, value, length) !== 0) return undefined;
  return value.readUInt32LE(UID_AT);
};

/** The abstract name of the other end, without the zero byte that it begins with; undefined if it has none. */
export const readPeerName = (socket: Socket): string | undefined => {
  const descriptor = descriptorOf(socket);
  if (descriptor === undefined) return undefined;
  const address = Buffer.alloc(ADDRESS_BYTES);
  const length = new Uint32Array([ADDRESS_BYTES]);
  if (libc().getpeername(descriptor, address, length) !== 0) return undefined;
  const name = address.subarray(PATH_AT, Math.min(length[0] ?? 0, ADDRESS_BYTES));
  return name.length < 2 || name[0] !== 0 ? undefined : name.subarray(1).toString('utf8');
};
