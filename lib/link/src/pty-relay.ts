// A cable for tests: two pseudo-terminals, openpty(3), joined master to master. Each end is a terminal device that can be
// opened again and again, as a serial line can. Prints the two device names; ends when its parent does.

import { read, write } from 'node:fs';
import koffi from 'koffi';

const NAME_BYTES = 4_096;
const openpty = koffi
  .load('libc.so.6')
  .func('int openpty(void *master, void *slave, void *name, const void *termios, const void *size)');

const openEnd = (): { readonly master: number; readonly path: string } => {
  const [master, slave, name] = [Buffer.alloc(4), Buffer.alloc(4), Buffer.alloc(NAME_BYTES)];
  if (openpty(master, slave, name, null, null) !== 0) throw new Error('openpty failed');
  // The slave stays open here, so that the line does not hang up between two users.
  return { master: master.readInt32LE(), path: name.toString('utf8', 0, name.indexOf(0)) };
};

const pump = (from: number, to: number): void => {
  const buffer = Buffer.alloc(65_536);
  const next = (): void =>
    read(from, buffer, 0, buffer.length, null, (error, size) => {
      if (error !== null) throw error;
      send(0, size);
    });
  const send = (at: number, size: number): void => {
    if (at === size) next();
    else
      write(to, buffer, at, size - at, null, (error, written) => {
        if (error !== null) throw error;
        send(at + written, size);
      });
  };
  next();
};

const [left, right] = [openEnd(), openEnd()];
pump(left.master, right.master);
pump(right.master, left.master);
process.stdout.write(`${left.path} ${right.path}\n`);
// An ordinary exit would wait for the threads that read.
process.stdin.on('end', () => process.kill(process.pid, 'SIGKILL')).resume();
