// A simple bind whose password never is a string. The library takes none but a string, so it gets one of as many letters that
// stand for the password; it writes them as the end of its message, where the bytes take their place. RFC 4511 section 4.2

import { randomBytes } from 'node:crypto';
import type { Writable } from 'node:stream';
import type { Client } from 'ldapts';

type Write = (chunk: Buffer, written?: (error?: Error | null) => void) => boolean;

/**
 * Binds. An empty name or password would be no proof of anything, although a server says yes (RFC 4513 sections 5.1.1 and 5.1.2).
 *
 * @param client on `socket`, with nothing under way
 * @param password stays the caller's
 * @throws RangeError for an empty name or password; else what the client throws
 */
export const bindWithBytes = async (
  client: Client,
  socket: Writable,
  name: string,
  password: Uint8Array,
): Promise<void> => {
  if (name === '' || password.length === 0) throw new RangeError('a bind without a name or password proves nothing');
  const stands = randomBytes(password.length).toString('hex').slice(0, password.length);
  const own = socket as { write: Write };
  const write = own.write.bind(socket) as Write;
  own.write = (message, written) => {
    own.write = write;
    const end = message.subarray(message.length - password.length);
    if (!end.equals(Buffer.from(stands))) throw new Error('the message does not end with the password');
    end.set(password);
    return write(message, (error) => {
      message.fill(0);
      written?.(error);
    });
  };
  try {
    await client.bind(name, stands);
  } finally {
    own.write = write;
  }
};
