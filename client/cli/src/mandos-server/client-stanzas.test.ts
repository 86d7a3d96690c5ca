import assert from 'node:assert/strict';
import test from 'node:test';
import { readStanzas } from './client-stanzas.ts';

const stanza = (name: string, digit: string, more = ''): string =>
  `[${name}]\nkey_id = ${digit.repeat(64)}\nsecret = AAAA\n${more}`;

const read = (text: string) =>
  readStanzas(Buffer.from(text), () => {
    throw new Error('ENOENT');
  });

test('a stanza that is wrong leaves the others', () => {
  const wrong = [
    stanza('bad', '2', 'timeout = soon\n'),
    stanza('bad', '2', 'host = %(nothing)s\n'),
    '[bad]\nsecret = AAAA\n',
    '[bad]\nkey_id = 12\nsecret = AAAA\n',
    `[bad]\nkey_id = ${'2'.repeat(64)}\nsecfile = /nowhere\n`,
    `[bad]\nkey_id = ${'2'.repeat(64)}\n`,
  ];
  for (const text of wrong) {
    const { machines, wrong: names, stop, problems } = read(stanza('good', '1') + text);
    assert.deepEqual(
      machines.map(({ name }) => name),
      ['good'],
    );
    assert.deepEqual([...names], ['bad']);
    assert.equal(stop, undefined);
    assert.ok(problems.length > 0);
  }
});

test('what goes for more than one machine, or cannot be read, leaves none', () => {
  const cases: readonly (readonly [text: string, stop: RegExp])[] = [
    [`[DEFAULT]\ntimeout = soon\n${stanza('a', '1')}`, /every machine/],
    [stanza('a', '1') + stanza('b', '1'), /one could not be cut off/],
    [stanza('a', '1') + stanza('a', '2'), /cannot be told/],
    [stanza('a', '1', 'enabled = no\nenabled = yes\n'), /cannot be told/],
    [`text\n${stanza('a', '1')}`, /cannot be told/],
    ['\xff', /cannot be told/],
  ];
  for (const [text, stop] of cases)
    assert.match(readStanzas(Buffer.from(text, 'latin1'), () => Buffer.of()).stop ?? '', stop);
});

test('a file without machines is no mistake', () => {
  assert.equal(read('').stop, undefined);
});
