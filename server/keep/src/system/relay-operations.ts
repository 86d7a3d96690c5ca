// The gate's side of connections that it holds for the keep. Works while sealed: that is when it is needed.

import { ok, system } from '@chatelaine/contract';
import { type BoundOperation, direct, stream } from '../kernel/module.ts';
import type { Relay } from '../peers/relay.ts';

/** Binds `system.relay` and `system.relayed`. */
export const relayOperations = (relay: Relay): readonly BoundOperation[] => [
  stream(system.relay, async (_call, signal) => relay.listen(signal)),
  direct(system.relayed, async ({ input }) => {
    relay.take(input);
    return ok({});
  }),
];
