// The conditions under which a machine's secret leaves, in the order in which a refusal is named. Each is pure.

import type { machines } from '@chatelaine/contract';
import { asserted, type Condition, type Fact, type Moment, proved } from '../../kernel/release/decision.ts';
import type { EffectiveRule } from './effective-rule.ts';
import { isAlive } from './liveness.ts';
import type { MachineRecord, MachineState } from './machine-record.ts';
import type { CodeGiven } from './pending-requests.ts';
import { windowAt } from './time-window.ts';

/** What a decision is about. */
export interface ReleaseSubject {
  readonly machine: MachineRecord;
  /** Settled for the moment of the decision. */
  readonly state: MachineState;
  readonly rule: EffectiveRule;
  /** Named approvers whose signatures over this very request are valid at this moment. */
  readonly approvedBy: readonly string[];
  readonly deniedBy: readonly string[];
  /** A one-time code that was given for this very request and counts at this moment. */
  readonly codeGiven: CodeGiven | undefined;
}

/** What is asked whatever leaves. */
type KnownSubject = Pick<ReleaseSubject, 'machine' | 'state'>;

/** How long a request waits for signatures or a code if the machine's settings name no delay. */
const DEFAULT_APPROVAL_WAIT_MS = 600_000;

const waitsUntil = ({ machine }: ReleaseSubject, { askedAtUnixMs }: Pick<Moment, 'askedAtUnixMs'>): number =>
  askedAtUnixMs + (machine.settings.approvalDelayMs || DEFAULT_APPROVAL_WAIT_MS);

/** Time can be trusted. */
const clock: Condition<KnownSubject> = {
  name: 'clock',
  evaluate: (_subject, { clockBehindMs }) => {
    if (clockBehindMs === 0) return { outcome: 'met', facts: [] };
    return { outcome: 'unmet', code: 'clock-behind', facts: [proved('clock-behind-ms', clockBehindMs)] };
  },
};

/** A person has not cut the machine off. */
const enabled: Condition<KnownSubject> = {
  name: 'enabled',
  evaluate: ({ machine }) => {
    const facts = [proved('enabled', machine.enabled)];
    return machine.enabled ? { outcome: 'met', facts } : { outcome: 'unmet', code: 'disabled', facts };
  },
};

/** The machine has given a sign of life in time. */
const alive: Condition<KnownSubject> = {
  name: 'alive',
  evaluate: ({ machine, state }) => {
    const { expiresAtUnixMs, lastCheckedOkAtUnixMs, lastCheckerStatus, restoredAtUnixMs } = state;
    const facts: Fact[] = [
      proved('liveness-rules', machine.settings.compat ?? 'strict'),
      proved('expires-at', new Date(expiresAtUnixMs).toISOString()),
      asserted('last-checker-status', lastCheckerStatus),
    ];
    if (restoredAtUnixMs !== undefined) {
      facts.push(proved('no-sign-of-life-since-restore', new Date(restoredAtUnixMs).toISOString()));
    }
    if (lastCheckedOkAtUnixMs !== undefined) {
      facts.push(asserted('last-checked-ok', new Date(lastCheckedOkAtUnixMs).toISOString()));
    }
    return isAlive(state) ? { outcome: 'met', facts } : { outcome: 'unmet', code: 'expired', facts };
  },
};

/** It is one of the hours in which secrets may leave. */
const window: Condition<ReleaseSubject> = {
  name: 'window',
  evaluate: ({ rule }, { nowUnixMs }) => {
    if (rule.window === undefined) return { outcome: 'met', facts: [] };
    const isOpen = windowAt(rule.window, nowUnixMs);
    const facts = [proved('window-open', isOpen), proved('window-zone', rule.window.zone)];
    return isOpen ? { outcome: 'met', facts } : { outcome: 'unmet', code: 'outside-window', facts };
  },
};

/** Whether a request waits for the decision of an administrator. */
export const asksAdministrator = ({ rule, machine: { settings } }: Pick<ReleaseSubject, 'rule' | 'machine'>): boolean =>
  settings.approvalDelayMs > 0 && !(rule.oneTimeCode !== undefined && settings.approvedByDefault);

const signatures = (
  rule: machines.ApprovalRule,
  subject: ReleaseSubject,
  moment: Moment,
): ReturnType<Condition<ReleaseSubject>['evaluate']> => {
  const { approvedBy, deniedBy } = subject;
  const facts = [
    proved('approvals-required', rule.required),
    proved('approved-by', approvedBy.join(', ')),
    ...(deniedBy.length > 0 ? [proved('denied-by', deniedBy.join(', '))] : []),
  ];
  if (deniedBy.length > 0) return { outcome: 'unmet', code: 'not-approved', facts };
  if (approvedBy.length >= rule.required) return { outcome: 'met', facts };
  const untilUnixMs = waitsUntil(subject, moment);
  if (moment.nowUnixMs < untilUnixMs) return { outcome: 'wait', untilUnixMs, facts };
  return { outcome: 'unmet', code: 'pending-approval', facts };
};

/**
 * People agree. Named approvers each sign this request; without any, the machine waits for its approval delay, in which one
 * decision of an administrator counts, and then its settings decide. mandos-clients.conf(5), `approval_delay`. Where a code is
 * needed, nobody has to say yes whose silence would be one; no counts all the same.
 */
const approval: Condition<ReleaseSubject> = {
  name: 'approval',
  evaluate: (subject, moment) => {
    const { rule, state, machine } = subject;
    if (rule.approval !== undefined) return signatures(rule.approval, subject, moment);
    const { approvalDelayMs, approvedByDefault } = machine.settings;
    const { approval: decided } = state;
    const counts = decided !== undefined && moment.nowUnixMs < decided.untilUnixMs;
    const isDenied = counts && !decided.approve && rule.oneTimeCode !== undefined;
    if (!asksAdministrator(subject) && !isDenied) return { outcome: 'met', facts: [proved('approval-needed', false)] };
    const facts: Fact[] = [
      proved('approval-needed', true),
      proved('approval-delay-ms', approvalDelayMs),
      proved('approved-by-default', approvedByDefault),
    ];
    if (counts) {
      facts.push(proved('approved', decided.approve));
      return decided.approve ? { outcome: 'met', facts } : { outcome: 'unmet', code: 'not-approved', facts };
    }
    const untilUnixMs = moment.askedAtUnixMs + approvalDelayMs;
    if (moment.nowUnixMs < untilUnixMs) return { outcome: 'wait', untilUnixMs, facts };
    return approvedByDefault ? { outcome: 'met', facts } : { outcome: 'unmet', code: 'pending-approval', facts };
  },
};

/** Who has to give a code, as facts and people read it. */
const describeCodeRule = ({ users, groups }: machines.CodeRule): string =>
  [...users, ...groups.map((group) => `group:${group}`)].join(', ');

/** One of those who are named gave a one-time code for this very request. */
const oneTimeCode: Condition<ReleaseSubject> = {
  name: 'one-time-code',
  evaluate: (subject, moment) => {
    const { rule, codeGiven } = subject;
    if (rule.oneTimeCode === undefined) return { outcome: 'met', facts: [] };
    const facts = [proved('one-time-code-of', describeCodeRule(rule.oneTimeCode))];
    if (codeGiven !== undefined) {
      facts.push(proved('one-time-code-given-by', codeGiven.user), proved('one-time-code-made-by', codeGiven.by));
      return { outcome: 'met', facts };
    }
    const untilUnixMs = waitsUntil(subject, moment);
    if (moment.nowUnixMs < untilUnixMs) return { outcome: 'wait', untilUnixMs, facts };
    return { outcome: 'unmet', code: 'needs-code', facts };
  },
};

export const releaseConditions: readonly Condition<ReleaseSubject>[] = [
  ...[clock, enabled, alive, window],
  ...[approval, oneTimeCode],
];

/** Whether a request that nobody decided about is released when its delay ends. */
export const isReleasedAtEnd = ({ rule, machine }: Pick<ReleaseSubject, 'rule' | 'machine'>): boolean =>
  machine.settings.approvedByDefault && rule.approval === undefined && rule.oneTimeCode === undefined;

/** The conditions under which a machine gets a token of the API. */
export const loginConditions: readonly Condition<KnownSubject>[] = [clock, enabled, alive];

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
