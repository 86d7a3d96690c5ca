// How a peer comes to its server: over its own serial line if it has one, otherwise over the socket.

import { connectUnix } from './connect-unix.ts';
import type { LinkClientOptions } from './link-client.ts';
import { openSerialLine, type SerialLine } from './serial-line.ts';

const DEFAULT_SPEED = 9_600;
/** What both sides compute, on machines that have other things to do. */
const COMPUTING_MS = 3_000;
/** A handshake and a greeting have 3,000 bytes, of ten bits each; they may take twice as long. */
const HANDSHAKE_BITS = 60_000;

/**
 * The part of a `LinkClient`'s options that says how to connect. A line does not say that nobody listens: the handshake is given up
 * as soon as the speed of the line allows it.
 */
export const wayToServer = (
  socket: string,
  line: SerialLine | undefined,
): Pick<LinkClientOptions, 'connect' | 'handshakeMs'> =>
  line === undefined
    ? { connect: () => connectUnix(socket) }
    : {
        connect: () => openSerialLine(line),
        handshakeMs: COMPUTING_MS + (HANDSHAKE_BITS * 1_000) / (line.speed ?? DEFAULT_SPEED),
      };
