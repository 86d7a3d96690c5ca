// Sends datagrams to a UNIX socket, which Node.js cannot: /dev/log and systemd's notification socket are such. Never waits. unix(7)

import { closeSync } from 'node:fs';
import { libc } from './libc.ts';

const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC_NONBLOCK = 2 | 0o2000000 | 0o4000;
const MSG_DONTWAIT_NOSIGNAL = 0x40 | 0x4000;
const EAGAIN = 11;
const ENOBUFS = 105;
const longestPathBytes = 107;

/** `full`: the receiver is there but does not keep up, and the datagram is gone; `absent`: nobody is there. */
type SendOutcome = 'sent' | 'full' | 'absent';

/** sockaddr_un: the family, then the path; an `@` at its beginning stands for the zero byte of an abstract name. */
const addressOf = (path: string): Uint8Array => {
  const name = Buffer.from(path, 'utf8');
  if (name.length === 0 || name.length > longestPathBytes || name.includes(0))
    throw new RangeError('no usable socket path');
  const isAbstract = name[0] === 0x40;
  const address = Buffer.alloc(2 + name.length + (isAbstract ? 0 : 1));
  address.writeUInt16LE(AF_UNIX, 0);
  name.copy(address, 2);
  if (isAbstract) address[2] = 0;
  return address;
};

/** A way to one receiver. */
export interface DatagramSocket {
  /** A receiver that was started anew is found again. */
  send(bytes: Uint8Array): SendOutcome;
  close(): void;
}

/** @param path 1 to 107 bytes; `@name` is an abstract name. Throws `RangeError` if it cannot be one. */
export const openDatagramSocket = (path: string): DatagramSocket => {
  const address = addressOf(path);
  let descriptor: number | undefined;

  const close = (): void => {
    if (descriptor !== undefined) closeSync(descriptor);
    descriptor = undefined;
  };
  const isConnected = (): boolean => {
    if (descriptor !== undefined) return true;
    const opened = libc().socket(AF_UNIX, SOCK_DGRAM_CLOEXEC_NONBLOCK, 0);
    if (opened < 0) return false;
    descriptor = opened;
    if (libc().connect(opened, address, address.length) === 0) return true;
    close();
    return false;
  };
  const trySend = (bytes: Uint8Array): SendOutcome => {
    if (!isConnected() || descriptor === undefined) return 'absent';
    if (libc().send(descriptor, bytes, bytes.length, MSG_DONTWAIT_NOSIGNAL) === bytes.length) return 'sent';
    return [EAGAIN, ENOBUFS].includes(libc().errno()) ? 'full' : 'absent';
  };

  return {
    send: (bytes) => {
      const outcome = trySend(bytes);
      if (outcome !== 'absent') return outcome;
      close();
      return trySend(bytes);
    },
    close,
  };
};
