// The release decision: a pure function of a subject, its conditions and a moment. It never looks anything up and
// never changes anything, so that the same inputs always give the same answer and the same list of facts. That list
// is what `why`, the audit record and every front show. Design: docs/decisions/release-decision.md.

import type { RefusalCode } from '@chatelaine/contract';

/** `proved`: checked by the keep itself (a signature, its own record, its own clock). `asserted`: only said by a peer. */
type Assurance = 'proved' | 'asserted';

/** One thing a decision rested on. Values are for people to read and never hold a secret. */
export interface Fact {
  readonly name: string;
  readonly value: string | number | boolean;
  readonly assurance: Assurance;
}

/** The moment a decision is taken for; passed in, so that a decision can be replayed. */
export interface Moment {
  /** Wall clock, milliseconds since 1970. */
  readonly nowUnixMs: number;
  /** When this request first asked, wall clock; a condition that makes a peer wait counts from here. */
  readonly askedAtUnixMs: number;
  /** How far the clock is behind the highest time ever seen: above 0, no time can be trusted. */
  readonly clockBehindMs: number;
}

/** What one condition says. `wait` carries the moment at which it wants to be asked again at the latest. */
type Finding =
  | { readonly outcome: 'met'; readonly facts: readonly Fact[] }
  | { readonly outcome: 'unmet'; readonly code: RefusalCode; readonly facts: readonly Fact[] }
  | { readonly outcome: 'wait'; readonly untilUnixMs: number; readonly facts: readonly Fact[] };

/** A condition under which a subject's secret may leave. `evaluate` is pure. */
export interface Condition<Subject> {
  readonly name: string;
  evaluate(subject: Subject, moment: Moment): Finding;
}

export type Decision =
  | { readonly verdict: 'release'; readonly facts: readonly Fact[] }
  | {
      readonly verdict: 'refuse';
      readonly code: RefusalCode;
      /** Of `invalid-input` and `conflict`: the field, and what is wrong, in words without the input. */
      readonly detail?: { readonly field?: string; readonly message?: string };
      readonly condition: string;
      readonly facts: readonly Fact[];
    }
  | {
      readonly verdict: 'wait';
      readonly untilUnixMs: number;
      readonly condition: string;
      readonly facts: readonly Fact[];
    };

/**
 * Decides whether a secret leaves. Every condition is asked, so that the facts are complete; the first unmet one
 * refuses, and only if none refuses does the earliest wait count: nobody is kept waiting for what is refused anyway.
 *
 * @param conditions in the order in which a refusal should be named
 * @param known facts already established about the request (the proved key id, the asserted address)
 */
export const decideRelease = <Subject>(
  conditions: readonly Condition<Subject>[],
  subject: Subject,
  moment: Moment,
  known: readonly Fact[],
): Decision => {
  const facts: Fact[] = [...known];
  let refusal: { code: RefusalCode; condition: string } | undefined;
  let wait: { untilUnixMs: number; condition: string } | undefined;
  for (const condition of conditions) {
    const finding = condition.evaluate(subject, moment);
    facts.push(...finding.facts);
    if (finding.outcome === 'unmet') refusal ??= { code: finding.code, condition: condition.name };
    if (finding.outcome === 'wait' && (wait === undefined || finding.untilUnixMs < wait.untilUnixMs)) {
      wait = { untilUnixMs: finding.untilUnixMs, condition: condition.name };
    }
  }
  if (refusal !== undefined) return { verdict: 'refuse', ...refusal, facts };
  if (wait !== undefined) return { verdict: 'wait', ...wait, facts };
  return { verdict: 'release', facts };
};

/** A fact the keep checked itself. */
export const proved = (name: string, value: Fact['value']): Fact => ({ name, value, assurance: 'proved' });

/** A fact that a peer only claims. */
export const asserted = (name: string, value: Fact['value']): Fact => ({ name, value, assurance: 'asserted' });
