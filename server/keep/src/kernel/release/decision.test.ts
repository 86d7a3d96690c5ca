import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asserted, type Condition, decideRelease, proved } from './decision.ts';

const moment = { nowUnixMs: 1_000, askedAtUnixMs: 900, clockBehindMs: 0 };
const met: Condition<string> = {
  name: 'met',
  evaluate: (subject) => ({ outcome: 'met', facts: [proved('subject', subject)] }),
};
const unmet: Condition<string> = {
  name: 'unmet',
  evaluate: () => ({ outcome: 'unmet', code: 'disabled', facts: [proved('enabled', false)] }),
};
const wait = (untilUnixMs: number): Condition<string> => ({
  name: `wait-${untilUnixMs}`,
  evaluate: () => ({ outcome: 'wait', untilUnixMs, facts: [] }),
});

test('a secret leaves only when every condition is met', () => {
  assert.equal(decideRelease([met, met], 'web1', moment, []).verdict, 'release');
  assert.equal(decideRelease([met, unmet], 'web1', moment, []).verdict, 'refuse');
  assert.equal(decideRelease([unmet, met], 'web1', moment, []).verdict, 'refuse');
});

test('a refusal is named by the first unmet condition and beats any wait', () => {
  const decision = decideRelease([wait(2_000), unmet, met], 'web1', moment, []);
  assert.deepEqual(decision.verdict === 'refuse' && [decision.code, decision.condition], ['disabled', 'unmet']);
});

test('the earliest wait counts', () => {
  const decision = decideRelease([wait(3_000), wait(2_000)], 'web1', moment, []);
  assert.deepEqual(decision.verdict === 'wait' && [decision.untilUnixMs, decision.condition], [2_000, 'wait-2000']);
});

test('the facts name everything the decision rested on, each proved or asserted', () => {
  const decision = decideRelease([met, unmet], 'web1', moment, [asserted('address', '192.0.2.1')]);
  assert.deepEqual(decision.facts, [
    { name: 'address', value: '192.0.2.1', assurance: 'asserted' },
    { name: 'subject', value: 'web1', assurance: 'proved' },
    { name: 'enabled', value: false, assurance: 'proved' },
  ]);
});
