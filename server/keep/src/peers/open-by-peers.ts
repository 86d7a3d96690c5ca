// A keep that starts sealed asks the servers that keep something for it, again and again, until it is open.

import type { Refused, Result } from '@chatelaine/contract';
import { type Log, pause } from '@chatelaine/process';
import { wipe } from '@chatelaine/secret';
import type { SlotSecret } from '@chatelaine/vault';
import { openBlob, type Peer, readPeers } from './peer-files.ts';
import type { Relay } from './relay.ts';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

export interface OpenByPeersOptions {
  /** The keep's own. */
  readonly directory: string;
  readonly relay: Relay;
  readonly log: Log;
  readonly isOpen: () => boolean;
  readonly unseal: (secret: SlotSecret, peer: Peer) => Promise<Result<unknown>>;
}

/** Asks one of them; gives why it did not open the keep, or nothing if it did. */
const tryPeer = async (options: OpenByPeersOptions, peer: Peer, signal: AbortSignal): Promise<string | undefined> => {
  // GnuTLS is loaded only where somebody is to be asked.
  const { askPeer } = await import('./ask-peer.ts');
  await options.relay.gate();
  const answer = await askPeer(peer, options.relay.open(peer.address, peer.port), signal);
  if (answer.kind === 'failed') return answer.text;
  try {
    if (answer.bytes.length === 0) return 'it keeps nothing for us, or may not hand it out now';
    const opened = openBlob(peer, answer.bytes);
    if (opened === undefined) return 'what it keeps is not what was made here';
    try {
      const outcome: { readonly kind: 'ok' } | Refused = await options.unseal(
        { kind: 'peer', secret: opened.bytes },
        peer,
      );
      return outcome.kind === 'refused' ? outcome.code : undefined;
    } finally {
      opened.release();
    }
  } finally {
    wipe(answer.bytes);
  }
};

/** Runs until the keep is open or `signal` aborts. */
export const openByPeers = async (options: OpenByPeersOptions, signal: AbortSignal): Promise<void> => {
  const peers = await readPeers(options.directory);
  if (peers.length === 0) return;
  const said = new Map<string, string>();
  for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted && !options.isOpen(); ) {
    for (const peer of peers) {
      const why = await tryPeer(options, peer, signal);
      if (options.isOpen() || signal.aborted) return;
      if (why === undefined || said.get(peer.slot) === why) continue;
      said.set(peer.slot, why);
      options.log.info({ address: peer.address, port: peer.port, why }, 'another server does not open this one yet');
    }
    await pause(pauseMs, signal);
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
  }
};
