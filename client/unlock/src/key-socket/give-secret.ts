// One connection of systemd's. Invariant: it gets the secret whole, or nothing that could be taken for one. systemd knows no refusal: for
// a volume an empty answer makes it ask the person; a service would start with an empty credential, and so gets more than systemd
// takes, which makes its start fail. crypttab(5); systemd.exec(5), "CREDENTIALS"

import type { Socket } from 'node:net';
import { readPeerName, readPeerUid } from '@chatelaine/process/unix-peer';
import { startPlugin } from '../plugin-runner/run-plugin.ts';
import { commandFor, type SecretsFile } from './secrets-file.ts';
import { describeWanted, parsePeerName, type WantedSecret } from './wanted-secret.ts';

/** All credentials of a unit together may have this much. */
const MAX_CREDENTIAL_BYTES = 1_048_576;
const ROOT = 0;

/** What a connection is served by. */
export interface Giving {
  /** Read anew for each connection. */
  readonly secrets: () => SecretsFile;
  readonly say: (text: string) => void;
}

const refuse = (socket: Socket, wanted: WantedSecret): void => {
  socket.end(Buffer.alloc(wanted.kind === 'volume' ? 0 : MAX_CREDENTIAL_BYTES + 1));
};

/** What the program prints, or why there is nothing. */
const fetchSecret = async (
  [file = '', ...options]: readonly string[],
  waitMs: number,
  hasLeft: AbortSignal,
): Promise<Buffer | string> => {
  const program = startPlugin(
    { name: file, file, isScriptOfRoot: false },
    { options, environment: process.env, account: undefined },
  );
  let why: string | undefined;
  const end = (reason: string): void => {
    why ??= reason;
    program.end();
  };
  const timer = setTimeout(end, waitMs, `has not answered within ${waitMs / 1000} s`);
  hasLeft.addEventListener('abort', () => end('is not needed any more'));
  const outcome = await program.outcome;
  clearTimeout(timer);
  if (outcome.kind === 'failed') return why ?? outcome.why;
  return outcome.password;
};

const send = (socket: Socket, secret: Buffer): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      secret.fill(0);
      resolve();
    };
    socket.once('close', done);
    socket.end(secret);
  });

/** Serves it. Never rejects. */
export const giveSecret = async (socket: Socket, { secrets, say }: Giving): Promise<void> => {
  const hasLeft = new AbortController();
  socket.on('error', () => socket.destroy());
  socket.once('close', () => hasLeft.abort());
  // It says nothing, and has closed its side by the time it waits.
  socket.resume();
  const [uid, name] = [readPeerUid(socket), readPeerName(socket)];
  const wanted = uid === ROOT && name !== undefined ? parsePeerName(name) : undefined;
  if (wanted === undefined) {
    say(`somebody who is not systemd was turned away: uid ${uid ?? 'unknown'}`);
    socket.destroy();
    return;
  }
  try {
    const file = secrets();
    const command = commandFor(file, wanted);
    const fetched =
      command === undefined ? 'is not named in the file' : await fetchSecret(command, file.waitMs, hasLeft.signal);
    if (typeof fetched !== 'string') {
      await send(socket, fetched);
      say(`gave ${describeWanted(wanted)}`);
      return;
    }
    say(`no answer for ${describeWanted(wanted)}: ${command?.[0] ?? 'it'} ${fetched}`);
  } catch (error) {
    say(`no answer for ${describeWanted(wanted)}: ${(error as Error).message}`);
  }
  refuse(socket, wanted);
};
