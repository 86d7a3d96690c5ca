// `chatelaine k2`: says to the gate in whose name a session is, and from then on passes bytes to and fro. It reads the token's
// file and nothing else that is secret; it has no key of the link and asks the keep nothing.

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { isIP, type Socket } from 'node:net';
import { connectUnix } from '@chatelaine/link';
import { Failure } from '../failure.ts';
import { chooseConfigFile, type GlobalOptions } from '../instance/config-file.ts';
import { readK2Socket } from '../instance/read-config.ts';
import { say } from '../terminal/output.ts';

export interface JoinOptions extends GlobalOptions {
  readonly token?: string;
  readonly socket?: string;
}

const MAX_TOKEN_BYTES = 512;
const USABLE_BY_OTHERS = 0o007;
const LINE_END = 0x0a;

const hints: Readonly<Record<string, string>> = {
  ENOENT: 'Nothing listens there: name "k2" in gate.fronts and start the gate.',
  ECONNREFUSED: 'Nothing listens there: start the gate.',
  EACCES: 'Only root and the group of the gate may connect, unless gate.k2.may_connect says otherwise.',
};

const readFirstLine = async (file: FileHandle, path: string): Promise<Buffer> => {
  const found = await file.stat();
  if (!found.isFile()) throw new Failure('input', `${path} is not a regular file.`);
  if ((found.mode & USABLE_BY_OTHERS) !== 0) {
    throw new Failure('input', `${path} can be used by everybody.`, `chmod o= ${path}`);
  }
  const bytes = Buffer.allocUnsafeSlow(MAX_TOKEN_BYTES + 2);
  const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
  const end = bytesRead > 0 && bytes[bytesRead - 1] === LINE_END ? bytesRead - 1 : bytesRead;
  const isToken =
    end > 1 && end <= MAX_TOKEN_BYTES && bytes.subarray(0, end).every((byte) => byte > 0x20 && byte < 0x7f);
  if (isToken) return bytes.subarray(0, end);
  bytes.fill(0);
  throw new Failure('input', `${path} holds no token.`, 'chatelaine token create makes one.');
};

/** The token of a file, in memory of its own: the caller wipes it. */
const readToken = async (path: string): Promise<Buffer> => {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new Failure('input', `${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}.`);
  }
  try {
    return await readFirstLine(file, path);
  } finally {
    await file.close();
  }
};

/** Where the client of the SSH session came from. sshd(8), SSH_CONNECTION */
const sourceOf = (connection = ''): string => {
  const [address = ''] = connection.split(' ');
  return isIP(address) === 0 ? '-' : address;
};

const connectGate = async (path: string): Promise<Socket> => {
  try {
    return await connectUnix(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw new Failure('unreachable', `The gate cannot be reached at ${path}: ${code}.`, hints[code]);
  }
};

/** Passes bytes to and fro until the gate ends the session. Resolves with whether it said so. */
const pass = (socket: Socket): Promise<boolean> =>
  new Promise((resolve) => {
    let hasEnded = false;
    process.stdin.on('error', () => socket.end());
    process.stdin.pipe(socket);
    socket.pipe(process.stdout, { end: false });
    socket.once('end', () => {
      hasEnded = true;
    });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      process.stdin.unpipe(socket);
      process.stdin.destroy();
      resolve(hasEnded);
    });
  });

export const joinGate = async (options: JoinOptions): Promise<void> => {
  const file = chooseConfigFile(options);
  const token = options.token === undefined ? Buffer.from('-') : await readToken(options.token);
  try {
    const socket = await connectGate(options.socket ?? readK2Socket(file));
    const greeting = Buffer.concat([
      Buffer.from(`K2 ${sourceOf(process.env['SSH_CONNECTION'])} `),
      token,
      Buffer.of(LINE_END),
    ]);
    socket.write(greeting, () => greeting.fill(0));
    if (options.token === undefined && process.stdin.isTTY) say('Without --token nothing can be asked.');
    if (!(await pass(socket))) throw new Failure('unreachable', 'The gate went away.');
  } finally {
    token.fill(0);
  }
};
