// A serial line as a stream: a terminal device in raw mode, termios(3). It has no beginning and no end of its own, so both
// sides open it anew for every connection and drop what came for an earlier one; the last words of that one still go out.

import { closeSync, constants, openSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { ReadStream } from 'node:tty';

const TCSANOW = 0;
const TCIFLUSH = 0;
/** struct termios is 60 bytes on Linux; more does no harm. */
const TERMIOS_BYTES = 256;
/** c_cflag is the third of its 32-bit words. */
const CFLAG_AT = 8;
const CREAD = 0o200;
const CLOCAL = 0o4000;
const CRTSCTS = 0o20_000_000_000;

/** A line as it is to be used; both of its ends alike. */
export interface SerialLine {
  /** The device, such as `/dev/ttyS0`. */
  readonly device: string;
  /** Bits a second, one of those that termios(3) knows. The device's own if absent. */
  readonly speed?: number;
  /** Whether each side says by RTS and CTS when it can take more. `none` if absent. */
  readonly flow?: 'rts-cts' | 'none';
}

const makeRaw = async (fd: number, { speed, flow }: SerialLine): Promise<void> => {
  const { default: koffi } = await import('koffi');
  const libc = koffi.load('libc.so.6');
  const termios = Buffer.alloc(TERMIOS_BYTES);
  const check = (what: string, result: number): void => {
    if (result !== 0) throw new Error(`${what} failed: error ${koffi.errno()}`);
  };
  check('tcgetattr', libc.func('int tcgetattr(int fd, void *termios)')(fd, termios));
  libc.func('void cfmakeraw(void *termios)')(termios);
  if (speed !== undefined) {
    check('cfsetspeed', libc.func('int cfsetspeed(void *termios, unsigned int speed)')(termios, speed));
  }
  // Without CLOCAL a cable that lacks the modem's wires would never be ready.
  const flags = (termios.readUInt32LE(CFLAG_AT) | CREAD | CLOCAL) & ~CRTSCTS;
  termios.writeUInt32LE((flow === 'rts-cts' ? flags | CRTSCTS : flags) >>> 0, CFLAG_AT);
  check('tcsetattr', libc.func('int tcsetattr(int fd, int when, void *termios)')(fd, TCSANOW, termios));
  check('tcflush', libc.func('int tcflush(int fd, int queue)')(fd, TCIFLUSH));
};

/** Opens it as a stream of bytes. Rejects if it is no terminal device, cannot be opened, or does not know the speed. */
export const openSerialLine = async (line: SerialLine): Promise<Duplex> => {
  const fd = openSync(line.device, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  try {
    await makeRaw(fd, line);
    return new ReadStream(fd);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
};
