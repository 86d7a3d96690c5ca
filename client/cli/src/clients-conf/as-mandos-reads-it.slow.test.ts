// Durations through the functions of Debian's own server, taken out of its program by name, and through ours.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import fc from 'fast-check';
import { parseDuration } from './duration.ts';

const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now());

const program = `
import ast, collections, datetime, json, re, sys
source = ast.parse(open("/usr/sbin/mandos").read())
names = {"rfc3339_duration_to_delta", "string_to_delta"}
wanted = [node for node in source.body if isinstance(node, ast.FunctionDef) and node.name in names]
space = {"datetime": datetime, "re": re, "collections": collections}
exec(compile(ast.Module(wanted, []), "mandos", "exec"), space)
def read(text):
    try:
        delta = space["string_to_delta"](text)
    except Exception:
        return None
    return delta // datetime.timedelta(milliseconds=1)
json.dump([read(text) for text in json.load(sys.stdin)], sys.stdout)
`;

const piece = fc.constantFrom(
  'P',
  'T',
  'Y',
  'M',
  'W',
  'D',
  'H',
  'S',
  '1',
  '2',
  '30',
  '007',
  's',
  'm',
  'h',
  'd',
  'w',
  ' ',
  '\t',
);
const ordered = fc
  .tuple(...['P', '1Y', '2M', '3W', '4D', 'T', '5H', '6M', '7S'].map((part) => fc.constantFrom('', part)))
  .map((parts) => parts.join(''));

test('a duration is read, or refused, as the real server does it', () => {
  const texts = [
    ...fc.sample(ordered, { numRuns: 3_000, seed: SEED }),
    ...fc.sample(
      fc.array(piece, { maxLength: 7 }).map((parts) => parts.join('')),
      { numRuns: 6_000, seed: SEED },
    ),
  ];
  const run = spawnSync('/usr/bin/python3', ['-c', program], { input: JSON.stringify(texts), maxBuffer: 2 ** 26 });
  assert.equal(run.status, 0, run.stderr.toString());
  const theirs: (number | null)[] = JSON.parse(run.stdout.toString());
  texts.forEach((text, at) => {
    assert.equal(parseDuration(text) ?? null, theirs[at], `FUZZ_SEED=${SEED}, text ${JSON.stringify(text)}`);
  });
  assert.ok(theirs.filter((ms) => ms !== null).length > 300);
});
