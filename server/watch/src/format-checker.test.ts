import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatChecker } from './format-checker.ts';

const values = { host: 'web1 example', name: "it's", key_id: 'ABC', empty: '', 'odd (name)': 'x', x: 'y' };

/** What Python makes of each: the text, or `null` where it cannot. */
const asPython = (formats: readonly string[]): readonly (string | null)[] => {
  const program = `
import json, shlex, sys
formats, values = json.load(sys.stdin)
quoted = {key: shlex.quote(value) for key, value in values.items()}
def attempt(text):
    try:
        return text % quoted
    except (TypeError, KeyError, ValueError):
        return None
json.dump([attempt(text) for text in formats], sys.stdout)`;
  const { stdout } = spawnSync('python3', ['-c', program], {
    input: JSON.stringify([formats, values]),
    encoding: 'utf8',
  });
  return JSON.parse(stdout);
};

const asWe = (format: string): string | null => {
  const formatted = formatChecker(format, values);
  return formatted.kind === 'formatted' ? formatted.command : null;
};

test('a checker comes out as Python formats it', () => {
  const formats = [
    'fping -q -- %(host)s',
    'true',
    '',
    '100%%',
    '%%%%(host)s',
    '%(name)s %(empty)s|%(key_id)s',
    '%(host)20s|%(host)-20s|%(host)020s|%(key_id)#5s|%(key_id)ls',
    '%(odd (name))s',
    '%(x)c',
    '%(host)c',
    '%(host)d',
    '%(nothing)s',
    '%(host',
    '%(host)',
    '%(host)10',
    '%',
    '50%',
    '%(x)%',
    '%5%',
    '%(host)*s',
    '%(host)s%(host)s',
    '\u{1f511}%(host)s\u{1f511}',
  ];
  const expected = asPython(formats);
  for (const [index, format] of formats.entries()) assert.equal(asWe(format), expected[index], format);
});

test('whatever is put together of the pieces of a format comes out as Python formats it, or is refused', () => {
  const piece = fc.constantFrom(
    '%',
    '%%',
    '(',
    ')',
    '(host)',
    '(name)',
    '(x)',
    's',
    'c',
    '5',
    '-',
    ' ',
    '0',
    '#',
    '+',
    'l',
    'a b',
    '"',
    '12',
  );
  const format = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(fc.array(format, { minLength: 500, maxLength: 500 }), (formats) => {
      const expected = asPython(formats);
      for (const [index, text] of formats.entries()) {
        const ours = asWe(text);
        // Python also knows conversions that make no command: without a name, and with the letter `a`.
        const isLeftOut = ours === null && /%[^(%]|%\([^)]*\)[^%]*?a/.test(text);
        if (!isLeftOut) assert.equal(ours, expected[index], text);
      }
    }),
    // A failure names its format; making it smaller would take a Python for each try.
    { numRuns: 4, endOnFailure: true },
  );
});

test('what would cut through the quotes of a value is refused, and said so', () => {
  assert.deepEqual(formatChecker('ping %(host).3s', values), {
    kind: 'wrong',
    why: 'a precision would cut through the quotes of a value',
  });
});

test('a value is one word for the shell, whatever it is', () => {
  const host = 'x; touch /tmp/owned $(id) `id` \'"';
  const formatted = formatChecker('printf %%s %(host)s', { host });
  assert.equal(formatted.kind, 'formatted');
  if (formatted.kind !== 'formatted') return;
  assert.equal(spawnSync('/bin/sh', ['-c', formatted.command], { encoding: 'utf8' }).stdout, host);
});

test('what no program can be given is refused', () => {
  for (const host of ['a\0b', '\ud800']) assert.equal(formatChecker('ping %(host)s', { host }).kind, 'wrong');
});

test('a name that only every object has is no value', () => {
  assert.equal(formatChecker('%(constructor)s', values).kind, 'wrong');
  assert.equal(formatChecker('%(__proto__)s', values).kind, 'wrong');
});
