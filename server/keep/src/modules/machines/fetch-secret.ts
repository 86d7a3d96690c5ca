// A machine asks for its disk password. Who it is, is what its handshake proves; a key id is never taken from anybody.
// A peer that proves nothing, or whose key is unknown, is a stranger: it learns nothing and is only counted.

import { machines, type RefusalCode } from '@chatelaine/contract';
import { type BoundOperation, type ModuleServices, release } from '../../kernel/module.ts';
import { asserted, type Decision, decideRelease, type Fact } from '../../kernel/release/decision.ts';
import { findByKeyId, requireMachine, requireSecret } from './machine-record.ts';
import { factsOfRequest, releaseConditions } from './release-conditions.ts';

const refuseStranger = (
  code: RefusalCode,
  condition: string,
  facts: readonly Fact[],
): { readonly decision: Decision } => ({
  decision: { verdict: 'refuse', code, condition, facts },
});

export const fetchSecret = ({ proofs }: ModuleServices): BoundOperation =>
  release(machines.fetch, async ({ input, moment, request }, tx) => {
    const proof = proofs.check(input.proof, request);
    if (proof.kind === 'refused') {
      return refuseStranger(proof.code, 'identity', [asserted('address', input.source.address)]);
    }
    const known = factsOfRequest(proof.value, input.source);
    const name = await findByKeyId(tx, proof.value.keyId);
    if (name === undefined) return refuseStranger('not-found', 'identity', known);
    const decision = decideRelease(releaseConditions, await requireMachine(tx, name), moment, known);
    if (decision.verdict !== 'release') return { subject: name, decision };
    return { subject: name, decision, output: { secret: await requireSecret(tx, name) } };
  });
