// Asks one server one time, for programs that run while the machine is up.

import { formatServerAddress, type ServerAddress } from '../options/server-address.ts';
import { askServer } from './ask-server.ts';
import { loadOpener, loadTlsKey } from './machine-keys.ts';

export interface KeyFiles {
  readonly secretKeyFile: string;
  readonly tlsPublicKeyFile: string;
  readonly tlsPrivateKeyFile: string;
}

/** What the server gave, opened; the caller wipes it. Or why there is nothing, in words. */
export type Fetched =
  | { readonly kind: 'opened'; readonly plaintext: Buffer }
  | { readonly kind: 'nothing'; readonly text: string };

/** Throws EndedError if the keys are of no use. */
export const fetchOnce = async (server: ServerAddress, files: KeyFiles, patienceMs: number): Promise<Fetched> => {
  const name = formatServerAddress(server);
  const key = loadTlsKey(files.tlsPublicKeyFile, files.tlsPrivateKeyFile);
  try {
    const open = await loadOpener(files.secretKeyFile);
    const answer = await askServer(server, { key, signal: AbortSignal.timeout(patienceMs) });
    if (answer.kind === 'nothing') return { kind: 'nothing', text: `${name} gives nothing for this key` };
    if (answer.kind === 'failed') return { kind: 'nothing', text: `${name} ${answer.text}` };
    return { kind: 'opened', plaintext: await open(answer.bytes) };
  } catch (error) {
    if ((error as Error).name !== 'MachineKeysError') throw error;
    return { kind: 'nothing', text: `what ${name} gave cannot be opened: ${(error as Error).message}` };
  } finally {
    key.release();
  }
};
