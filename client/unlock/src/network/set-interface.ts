// Sets an interface up or down. netdevice(7), SIOCGIFFLAGS and SIOCSIFFLAGS

import koffi from 'koffi';
import { interfaceFlag } from './interfaces.ts';

const AF_INET6 = 10;
const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SIOCGIFFLAGS = 0x8913;
const SIOCSIFFLAGS = 0x8914;
const REQUEST_BYTES = 40;
const FLAGS_AT = 16;

const openLibc = () => {
  const libc = koffi.load('libc.so.6');
  return {
    socket: libc.func('socket', 'int', ['int', 'int', 'int']),
    ioctl: libc.func('ioctl', 'int', ['int', 'ulong', 'void *']),
    close: libc.func('close', 'int', ['int']),
  };
};

const codeOf = (errno: number): string =>
  Object.entries(koffi.os.errno).find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`;

/** Whether it had to be changed, or why it could not be. */
export type SetInterface =
  | { readonly kind: 'set'; readonly changed: boolean }
  | { readonly kind: 'failed'; readonly code: string };

/** @param name of an interface that exists */
export const setInterface = (name: string, isUp: boolean): SetInterface => {
  const { socket, ioctl, close } = openLibc();
  let descriptor = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return { kind: 'failed', code: codeOf(koffi.errno()) };
  try {
    const request = Buffer.alloc(REQUEST_BYTES);
    request.write(name, 0, FLAGS_AT - 1, 'latin1');
    if (ioctl(descriptor, SIOCGIFFLAGS, request) < 0) return { kind: 'failed', code: codeOf(koffi.errno()) };
    const flags = request.readUInt16LE(FLAGS_AT);
    const wanted = isUp ? flags | interfaceFlag.up : flags & ~interfaceFlag.up;
    if (wanted === flags) return { kind: 'set', changed: false };
    request.writeUInt16LE(wanted & 0xffff, FLAGS_AT);
    if (ioctl(descriptor, SIOCSIFFLAGS, request) < 0) return { kind: 'failed', code: codeOf(koffi.errno()) };
    return { kind: 'set', changed: true };
  } finally {
    close(descriptor);
  }
};
