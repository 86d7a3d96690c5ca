// The conditions under which a machine's secret leaves, in the order in which a refusal is named. Each is pure. Liveness
// and the decisions of named approvers join this list as conditions of their own.

import { asserted, type Condition, proved } from '../../kernel/release/decision.ts';
import type { MachineRecord } from './machine-record.ts';

/** A person has not cut the machine off. */
const enabled: Condition<MachineRecord> = {
  name: 'enabled',
  evaluate: (machine) => {
    const facts = [proved('enabled', machine.enabled)];
    return machine.enabled ? { outcome: 'met', facts } : { outcome: 'unmet', code: 'disabled', facts };
  },
};

/**
 * The machine's approval delay has passed without a person cutting it off, and its settings release it then. A machine
 * that is not approved by default is refused at the end of its delay. mandos-clients.conf(5), `approval_delay`.
 */
const approvalDelay: Condition<MachineRecord> = {
  name: 'approval-delay',
  evaluate: ({ settings }, moment) => {
    if (settings.approvalDelayMs === 0) return { outcome: 'met', facts: [proved('approval-needed', false)] };
    const untilUnixMs = moment.askedAtUnixMs + settings.approvalDelayMs;
    const facts = [
      proved('approval-needed', true),
      proved('approval-delay-ms', settings.approvalDelayMs),
      proved('approved-by-default', settings.approvedByDefault),
    ];
    if (moment.nowUnixMs < untilUnixMs) return { outcome: 'wait', untilUnixMs, facts };
    return settings.approvedByDefault
      ? { outcome: 'met', facts }
      : { outcome: 'unmet', code: 'pending-approval', facts };
  },
};

export const releaseConditions: readonly Condition<MachineRecord>[] = [enabled, approvalDelay];

/** What is known of a request before any condition: the key that was proved, the address that the gate only says. */
export const factsOfRequest = (
  proof: { readonly keyId: string; readonly nonceAgeMs: number },
  source: { readonly address: string; readonly port: number },
) => [
  proved('key-id', proof.keyId),
  proved('nonce-age-ms', proof.nonceAgeMs),
  asserted('address', source.address),
  asserted('port', source.port),
];
