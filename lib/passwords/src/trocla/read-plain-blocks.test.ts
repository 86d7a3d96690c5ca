// The quick reader against the whole parser: it reads the same, or gives up.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { emitEntry } from './emit-yaml.ts';
import { parseYaml } from './parse-yaml.ts';
import { readPlainBlocks } from './read-plain-blocks.ts';
import { emptyScalar } from './yaml-node.ts';
import { YamlError } from './yaml-reader.ts';

const whole = (text: string) => {
  try {
    return parseYaml(text, { aliases: true });
  } catch (error) {
    if (error instanceof YamlError) return 'broken';
    throw error;
  }
};

const agrees = (text: string): boolean => {
  const quick = readPlainBlocks(text);
  if (quick === undefined) return false;
  const slow = whole(text);
  assert.deepEqual(quick, slow ?? emptyScalar, text);
  return true;
};

const pieces = [
  'a:',
  ' b',
  'c: d',
  '- ',
  '  ',
  '    ',
  '\n',
  '\n',
  '|',
  '|-',
  '|+',
  '>',
  '"x"',
  "'y'",
  '"a\\nb"',
  '"',
  "'",
  ':sym',
  ': ',
  '#',
  ' # c',
  '---',
  '...',
  '{}',
  '[]',
  '!binary ',
  '!ruby/object:Rational',
  '&a',
  '*a',
  '?',
  '~',
  'key:',
  'value',
  '-x',
  '\t',
  '"q":',
  "'r':",
  ':s:',
];

test('whatever it reads, a parser reads the same', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 14 }), (parts) => {
      agrees(parts.join(''));
    }),
    { numRuns: 20_000 },
  );
});

test('it reads a configuration as the Puppet module writes it', () => {
  const text = `---
store: :moneta
store_options:
  adapter: :YAML
  adapter_options:
    :file: "/var/lib/trocla/trocla_data.yaml"
encryption: :ssl
encryption_options:
  :private_key: /etc/trocla/key.pem
options:
  length: 20
  random: true
profiles:
  sysdomain_nc:
    name_constraints:
    - example.com
    - example.org
`;
  assert.equal(agrees(text), true);
});

test('it reads what we write, literal blocks and all', () => {
  const pem = Buffer.from('-----BEGIN X-----\nAAAA\n-----END X-----\n');
  const entry = emitEntry('host', [
    new Map([
      ['x509', pem],
      ['plain', Buffer.from('a b')],
    ]),
    { numerator: 9n, denominator: 2n },
  ]);
  assert.equal(agrees(entry), true);
});
