// What can carry a link, for the suite that runs over each: memory, a UNIX socket, a serial line. A carrier gives a client
// streams and hands the other ends to whichever server is in place at the moment.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Duplex, duplexPair } from 'node:stream';
import { connectUnix } from './connect-unix.ts';
import type { LinkServer } from './link-server.ts';
import { listenUnix, type UnixListener } from './listen-unix.ts';
import { openSerialLine } from './serial-line.ts';
import { serveSerialLine } from './serve-serial-line.ts';

export interface Carrier {
  readonly name: string;
  /** Puts a server in place; the one before must be closed. */
  serve(server: LinkServer): Promise<void>;
  /** A new stream to the server in place. */
  readonly connect: () => Promise<Duplex>;
  /** Breaks every connection, without a word. */
  cut(): void;
  close(): Promise<void>;
}

/** Remembers streams, to break them. */
class Streams {
  readonly #open = new Set<Duplex>();

  add<S extends Duplex>(stream: S): S {
    this.#open.add(stream);
    stream.once('close', () => this.#open.delete(stream));
    return stream;
  }

  cut(): void {
    for (const stream of this.#open) stream.destroy();
  }
}

export const carryInMemory = async (): Promise<Carrier> => {
  const streams = new Streams();
  let inPlace: LinkServer | undefined;
  return {
    name: 'memory',
    serve: async (server) => {
      inPlace = server;
    },
    connect: async () => {
      const [near, far] = duplexPair();
      if (inPlace === undefined) throw new Error('nobody serves');
      // The pair does not tell one end that the other was destroyed, as sockets do.
      near.once('close', () => far.destroy());
      far.once('close', () => near.destroy());
      inPlace.accept(streams.add(far));
      return near;
    },
    cut: () => streams.cut(),
    close: async () => streams.cut(),
  };
};

export const carryOverUnixSocket = async (): Promise<Carrier> => {
  const directory = await mkdtemp(join(tmpdir(), 'link-test-'));
  const path = join(directory, 'link.sock');
  const streams = new Streams();
  let listener: UnixListener | undefined;
  return {
    name: 'UNIX socket',
    serve: async (server) => {
      listener = await listenUnix({ path, mode: 0o600, server });
    },
    connect: async () => streams.add(await connectUnix(path)),
    cut: () => streams.cut(),
    close: async () => {
      await listener?.close();
      streams.cut();
      await rm(directory, { recursive: true });
    },
  };
};

const startCable = async (): Promise<{ readonly child: ChildProcess; readonly ends: readonly [string, string] }> => {
  const relay = new URL('pty-relay.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [relay], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  const [left = '', right = ''] = String(line).trim().split(' ');
  return { child, ends: [left, right] };
};

/** A line tells neither side what became of the other. */
export interface SerialCarrier extends Carrier {
  cutClient(): void;
  cutServer(): void;
}

export const carryOverSerialLine = async (): Promise<SerialCarrier> => {
  const { child, ends } = await startCable();
  const [clientEnds, serverEnds] = [new Streams(), new Streams()];
  return {
    name: 'serial line',
    serve: async (server) => {
      const { promise: isOpen, resolve } = Promise.withResolvers<void>();
      const open = async (): Promise<Duplex> => serverEnds.add(await openSerialLine({ device: ends[0] }));
      serveSerialLine({ server, open, retryMs: 5, onState: () => resolve() });
      await isOpen;
    },
    connect: async () => clientEnds.add(await openSerialLine({ device: ends[1] })),
    cutClient: () => clientEnds.cut(),
    cutServer: () => serverEnds.cut(),
    cut: () => {
      clientEnds.cut();
      serverEnds.cut();
    },
    close: async () => {
      clientEnds.cut();
      serverEnds.cut();
      child.stdin?.end();
      await once(child, 'exit');
    },
  };
};
