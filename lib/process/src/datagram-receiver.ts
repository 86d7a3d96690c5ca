// A UNIX datagram socket that receives, for the tests of what is sent to syslog and to the service manager. unix(7)

import { closeSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';

/** What arrives at `path`; an `@` at its beginning stands for an abstract name. */
export interface DatagramReceiver {
  /** The next datagram, or `undefined` if none is there. */
  receive(): string | undefined;
  close(): void;
}

/** Binds `path`; throws if that is not possible. */
export const openDatagramReceiver = (path: string): DatagramReceiver => {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const c = koffi.load('libc.so.6');
  const socket = c.func('int socket(int, int, int)');
  const bind = c.func('int bind(int, const uint8_t *, uint32_t)');
  const recv = c.func('intptr_t recv(int, _Out_ uint8_t *, size_t, int)');
  const descriptor: number = socket(1, 2 | 0o2000000 | 0o4000, 0);
  const isAbstract = path.startsWith('@');
  const address = Buffer.from(`\u0001\u0000${isAbstract ? `\0${path.slice(1)}` : `${path}\0`}`, 'latin1');
  if (bind(descriptor, address, address.length) !== 0) throw new Error(`cannot bind ${path}`);
  const bytes = new Uint8Array(65536);
  return {
    receive: () => {
      const length: number = recv(descriptor, bytes, bytes.length, 0);
      return length < 0 ? undefined : Buffer.from(bytes.subarray(0, length)).toString('utf8');
    },
    close: () => {
      closeSync(descriptor);
      if (!isAbstract) rmSync(path, { force: true });
    },
  };
};
