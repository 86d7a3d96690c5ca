// Asks another server for what it keeps for this one, as a machine asks for its disk password: Mandos network protocol,
// version 1. The asking side says "1" and is then the TLS server. Over a gate that relays bytes it cannot read.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { openRawTls, RawKey } from '@chatelaine/rawtls';
import { wipe } from '@chatelaine/secret';
import type { Peer } from './peer-files.ts';

const PROTOCOL_LINE = '1\r\n';
/** The other server may make us wait for a person. */
const ANSWER_WITHIN_MS = 24 * 3_600_000;
const MAX_ANSWER_BYTES = 4_096;

/** The answer; empty: it was refused. The caller wipes it. */
export type PeerAnswer =
  | { readonly kind: 'answer'; readonly bytes: Buffer }
  | { readonly kind: 'failed'; readonly text: string };

const loadKey = ({ directory }: Peer): RawKey => {
  const privatePem = readFileSync(join(directory, 'tls-privkey.pem'));
  try {
    return RawKey.load(readFileSync(join(directory, 'tls-pubkey.pem')), privatePem);
  } finally {
    wipe(privatePem);
  }
};

/** Asks over `stream`, which is ended. */
export const askPeer = async (peer: Peer, stream: Duplex, signal: AbortSignal): Promise<PeerAnswer> => {
  const key = loadKey(peer);
  const stop = (): void => {
    stream.destroy();
  };
  signal.addEventListener('abort', stop, { once: true });
  const timer = setTimeout(stop, ANSWER_WITHIN_MS);
  const parts: Buffer[] = [];
  try {
    stream.write(PROTOCOL_LINE);
    const limits = { receivedBytes: MAX_ANSWER_BYTES };
    const connection = await openRawTls(stream, { role: 'server', key, limits });
    if (connection.kind === 'failed') return { kind: 'failed', text: connection.text };
    for (;;) {
      const received = await connection.receive();
      if (received.kind === 'data') {
        parts.push(received.bytes);
        continue;
      }
      if (received.kind === 'failed') {
        connection.destroy();
        return { kind: 'failed', text: received.text };
      }
      await connection.close();
      return { kind: 'answer', bytes: Buffer.concat(parts) };
    }
  } finally {
    for (const part of parts) wipe(part);
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    key.release();
    stream.destroy();
  }
};
