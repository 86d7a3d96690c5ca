// The keep about itself: whether it is open, how it is opened, and the nonces for handshakes. All of it works while the
// keep is sealed.

import { ok, system } from '@chatelaine/contract';
import { pause } from '@chatelaine/process';
import type { Keep } from '../keep.ts';
import { type HandshakeProofs, NONCE_EVERY_MS, NONCE_VALID_MS } from '../kernel/handshake-proofs.ts';
import { type BoundOperation, direct, stream } from '../kernel/module.ts';

async function* nonces(proofs: HandshakeProofs, signal: AbortSignal) {
  while (!signal.aborted) {
    yield { nonce: proofs.currentNonce(), validMs: NONCE_VALID_MS };
    await pause(NONCE_EVERY_MS, signal);
  }
}

/** Binds `system.status`, `unseal`, `unseal-share`, `seal` and `nonce`. */
export const statusOperations = (keep: Keep, proofs: HandshakeProofs): readonly BoundOperation[] => [
  direct(system.status, async () => ok(await keep.status())),
  direct(system.unseal, async ({ input, principal }) => {
    const { kind, secret } = input;
    const opened = await keep.unseal({ kind, secret }, principal);
    return opened.kind === 'refused' ? opened : ok({ rootKeyId: opened.value.rootKeyId });
  }),
  direct(system.unsealShare, async ({ input, principal }) => await keep.giveShare(input.share, principal)),
  direct(system.seal, async () => {
    keep.requestStop();
    return ok({});
  }),
  stream(system.nonce, async (_call, signal) => nonces(proofs, signal)),
];
