import assert from 'node:assert/strict';
import test from 'node:test';
import { explainDecision } from './why.ts';

const lines = (text: string): string[] => text.split('\n').filter((line) => !line.startsWith('when'));

test('why says the verdict, who, from where and every fact, and which of them are only asserted', () => {
  const text = explainDecision('web1', {
    atUnixMs: 0,
    who: 'gate:gate',
    decision: 'refused',
    code: 'disabled',
    condition: 'enabled',
    facts: [
      { name: 'key-id', value: 'c0ffee', assurance: 'proved' },
      { name: 'address', value: '192.0.2.7', assurance: 'asserted' },
      { name: 'enabled', value: false, assurance: 'proved' },
    ],
  });
  assert.deepEqual(lines(text), [
    'web1 was refused: disabled, condition "enabled"',
    '',
    'who    the key of web1 (proved), through gate:gate',
    'from   192.0.2.7 (asserted)',
    'facts',
    '  proved    key-id = c0ffee',
    '  asserted  address = 192.0.2.7',
    '  proved    enabled = false',
    '',
  ]);
});

test('what a record says cannot command the terminal', () => {
  const facts = [{ name: 'address', value: '\u001b[2Jx', assurance: 'asserted' }] as const;
  const text = explainDecision('web1', { atUnixMs: 0, who: 'gate:gate', decision: 'released', facts: [...facts] });
  assert.ok(!text.includes('\u001b'));
  assert.match(text, /\\u\{1b\}\[2Jx/);
});
