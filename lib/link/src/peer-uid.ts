// Who is at the other end of a UNIX socket: SO_PEERCRED, socket(7) and unix(7). The kernel notes it when the connection is
// made; a peer cannot change it.

import type { Socket } from 'node:net';
import type { KoffiFunc } from 'koffi';

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
/** struct ucred: pid, uid, gid, each of 32 bits. */
const UCRED_BYTES = 12;
const UID_AT = 4;

type Getsockopt = KoffiFunc<(fd: number, level: number, name: number, value: Buffer, length: Buffer) => number>;

let getsockopt: Getsockopt | undefined;

// Loaded on first use: only a server needs it, and a command should start without it.
const loadGetsockopt = async (): Promise<Getsockopt> => {
  const { default: koffi } = await import('koffi');
  return koffi.load('libc.so.6').func('int getsockopt(int fd, int level, int name, void *value, void *length)');
};

/** Makes {@link readPeerUid} ready. */
export const preparePeerUid = async (): Promise<void> => {
  getsockopt ??= await loadGetsockopt();
};

/**
 * The uid of the process that connected. Undefined if the kernel does not say, which a caller must treat as a refusal.
 * Call it before anything else reads from the socket.
 */
export const readPeerUid = (socket: Socket): number | undefined => {
  if (getsockopt === undefined) throw new Error('preparePeerUid has to be awaited first');
  // Node has no other way to the descriptor.
  const fd = (socket as unknown as { readonly _handle?: { readonly fd?: number } })._handle?.fd;
  if (fd === undefined || fd < 0) return undefined;
  const value = Buffer.alloc(UCRED_BYTES);
  const length = Buffer.alloc(4);
  length.writeInt32LE(UCRED_BYTES);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, value, length) !== 0) return undefined;
  return value.readUInt32LE(UID_AT);
};
