// A serial line as a stream: a terminal device in raw mode, termios(3). It has no beginning and no end of its own, so both
// sides open it anew for every connection and drop what an earlier one left in it. The speed is the device's: stty(1).

import { closeSync, constants, openSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { ReadStream } from 'node:tty';

const TCSANOW = 0;
const TCIOFLUSH = 2;
/** struct termios is 60 bytes on Linux; more does no harm. */
const TERMIOS_BYTES = 256;

const makeRaw = async (fd: number): Promise<void> => {
  const { default: koffi } = await import('koffi');
  const libc = koffi.load('libc.so.6');
  const termios = Buffer.alloc(TERMIOS_BYTES);
  const check = (what: string, result: number): void => {
    if (result !== 0) throw new Error(`${what} failed: error ${koffi.errno()}`);
  };
  check('tcgetattr', libc.func('int tcgetattr(int fd, void *termios)')(fd, termios));
  libc.func('void cfmakeraw(void *termios)')(termios);
  check('tcsetattr', libc.func('int tcsetattr(int fd, int when, void *termios)')(fd, TCSANOW, termios));
  check('tcflush', libc.func('int tcflush(int fd, int queue)')(fd, TCIOFLUSH));
};

/** Opens a terminal device (`/dev/ttyS0`) as a stream of bytes. Rejects if it is none or cannot be opened. */
export const openSerialLine = async (path: string): Promise<Duplex> => {
  const fd = openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  try {
    await makeRaw(fd);
    return new ReadStream(fd);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
};
