// One try: a connection to a Mandos server, on which this machine is the TLS server and proves its key, and what came back. Whoever is
// at the other end: it costs at most so much time and memory, and it can neither end the program nor give it half a message. How long
// a server may think before its first byte is not bounded, since it may be a person who is asked; the caller bounds how many
// may do so at once. Mandos's protocol, version 1.

import { once } from 'node:events';
import net from 'node:net';
import { openRawTls, type RawKey, type RawTlsConnection } from '@chatelaine/rawtls';
import type { ServerAddress } from '../options/server-address.ts';

export type Answer =
  /** A whole message; nothing is known of it but that the server ended it in order. */
  | { readonly kind: 'message'; readonly bytes: Buffer }
  /** The server knows why, and does not say. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'failed'; readonly text: string; readonly code?: string };

export interface AskOptions {
  readonly key: RawKey;
  readonly priority?: string | undefined;
  readonly signal: AbortSignal;
  /** The server has said its first word, and was answered: now it works, and we have time. */
  readonly onGreeted?: () => void;
  /** The handshake is done; from now on the server decides. */
  readonly onWaiting?: () => void;
  readonly limits?: Partial<AskLimits>;
}

export interface AskLimits {
  readonly connectMs: number;
  readonly handshakeMs: number;
  /** From the first byte of the message to its end. */
  readonly messageMs: number;
  readonly messageBytes: number;
}

const PROTOCOL_LINE = '1\r\n';
const KEEP_ALIVE_MS = 30_000;
const DEFAULT_LIMITS: AskLimits = {
  connectMs: 10_000,
  handshakeMs: 15_000,
  messageMs: 30_000,
  messageBytes: 1_048_576,
};

const failed = (text: string, code?: string): Answer => ({ kind: 'failed', text, ...(code !== undefined && { code }) });

const connectErrors: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses the connection',
  ENETUNREACH: 'cannot be reached: there is no way to its network',
  EHOSTUNREACH: 'cannot be reached: nobody has its address',
  ETIMEDOUT: 'does not answer',
};

const connect = async (server: ServerAddress, signal: AbortSignal, connectMs: number): Promise<net.Socket | Answer> => {
  const socket = net.connect({
    ...server,
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
    signal,
  });
  const deadline = setTimeout(() => socket.destroy(), connectMs);
  socket.on('error', () => undefined);
  try {
    const closed = once(socket, 'close').then(() => 'closed');
    const connected = once(socket, 'connect').then(() => 'connected');
    closed.catch(() => undefined);
    if ((await Promise.race([connected, closed])) === 'connected') return socket;
    return failed('does not answer', 'ETIMEDOUT');
  } catch (error) {
    socket.destroy();
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    return failed(connectErrors[code] ?? `cannot be reached: ${code}`, code);
  } finally {
    clearTimeout(deadline);
  }
};

/** Everything the server sends up to its goodbye. */
const receiveMessage = async (connection: RawTlsConnection, messageMs: number): Promise<Answer> => {
  const parts: Buffer[] = [];
  let isLate = false;
  let deadline: NodeJS.Timeout | undefined;
  try {
    for (;;) {
      const received = await connection.receive();
      if (received.kind === 'data') {
        parts.push(received.bytes);
        deadline ??= setTimeout(() => {
          isLate = true;
          connection.destroy();
        }, messageMs);
        continue;
      }
      if (received.kind === 'end') {
        void connection.close();
        return parts.length === 0 ? { kind: 'nothing' } : { kind: 'message', bytes: Buffer.concat(parts) };
      }
      connection.destroy();
      if (isLate) return failed('began an answer and did not end it in time');
      if (received.reason === 'too-large') return failed('sends more than an answer can be');
      return failed(
        parts.length === 0 ? `broke off: ${received.text}` : `broke off in the middle of an answer: ${received.text}`,
      );
    }
  } finally {
    clearTimeout(deadline);
    for (const part of parts) part.fill(0);
  }
};

/** Asks once. Never rejects on the server's account. Throws PriorityError, GnutlsMissingError. */
export const askServer = async (server: ServerAddress, options: AskOptions): Promise<Answer> => {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const socket = await connect(server, options.signal, limits.connectMs);
  if ('kind' in socket) return socket;
  socket.write(PROTOCOL_LINE);
  // What takes the word and answers it listens, too, and is done before.
  if (options.onGreeted !== undefined) socket.once('data', () => setImmediate(options.onGreeted ?? (() => undefined)));
  const opened = await openRawTls(socket, {
    role: 'server',
    key: options.key,
    ...(options.priority !== undefined && { priority: options.priority }),
    limits: { handshakeMs: limits.handshakeMs, receivedBytes: limits.messageBytes },
  });
  if (opened.kind === 'failed') {
    return failed(opened.reason === 'deadline' ? 'says nothing' : `does not speak as a Mandos server: ${opened.text}`);
  }
  options.onWaiting?.();
  return await receiveMessage(opened, limits.messageMs);
};
