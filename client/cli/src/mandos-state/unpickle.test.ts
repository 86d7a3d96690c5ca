import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import fc from 'fast-check';
import { Moment, type Pickled, Span } from './pickled-values.ts';
import { PickleError, unpickle } from './unpickle.ts';

const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now());

/** What Python makes of an expression. */
const pickled = (expression: string, protocol = 2): Buffer => {
  const program = `import datetime, os, pickle, sys; sys.stdout.buffer.write(pickle.dumps(${expression}, protocol=${protocol}))`;
  const run = spawnSync('/usr/bin/python3', ['-c', program]);
  assert.equal(run.status, 0, run.stderr.toString());
  return run.stdout;
};

const plain = (value: Pickled): unknown => {
  if (value instanceof Map) return [...value].map(([key, entry]) => [plain(key), plain(entry)]);
  return Array.isArray(value) ? value.map(plain) : value;
};

test('what a state is made of is read as Python wrote it', () => {
  const expression = `({"zürich": {1: None, 2: [True, False, "a"]}, "empty": {}}, ["x"], (1,), (1, 2, 3, 4), (),
    0, 255, 256, 65535, 65536, -1, 2**31, -(2**40), b"\\x00\\xff\\n", b"", "\\u20ac", [["x"]] * 2)`;
  assert.deepEqual(plain(unpickle(pickled(expression))), [
    [
      [
        'zürich',
        [
          [1, null],
          [2, [true, false, 'a']],
        ],
      ],
      ['empty', []],
    ],
    ['x'],
    [1],
    [1, 2, 3, 4],
    [],
    ...[0, 255, 256, 65_535, 65_536, -1, 2 ** 31, -(2 ** 40)],
    Uint8Array.of(0, 255, 10),
    new Uint8Array(),
    '€',
    [['x'], ['x']],
  ]);
});

test('more than a thousand items, and more than 256 to remember, are read', () => {
  const value = unpickle(pickled('{str(i): str(i + 1) for i in range(3000)}'));
  assert.ok(value instanceof Map);
  assert.equal(value.size, 3_000);
  assert.equal(value.get('2999'), '3000');
});

test('spans and moments are read to the millisecond', () => {
  assert.deepEqual(
    unpickle(pickled('datetime.timedelta(days=400, seconds=5, microseconds=7999)')),
    new Span(34_560_005_007),
  );
  assert.deepEqual(unpickle(pickled('datetime.timedelta(seconds=-1)')), new Span(-1_000));
  assert.deepEqual(
    unpickle(pickled('datetime.datetime(2026, 11, 25, 14, 38, 49, 408609)')),
    new Moment(Date.UTC(2026, 10, 25, 14, 38, 49, 408)),
  );
});

test('a pickle that calls anything else is refused before anything happens', () => {
  const evil = ['os.system', 'datetime.date(2026, 1, 1)', 'datetime.datetime.now(datetime.timezone.utc)', '1.5', '{1}'];
  for (const expression of [...evil, 'range(3)', '2**100']) {
    assert.throws(() => unpickle(pickled(expression)), PickleError, expression);
  }
  const calls = Buffer.from('\u0080\u0002cos\nsystem\nX\u0002\u0000\u0000\u0000id\u0085R.', 'latin1');
  assert.throws(() => unpickle(calls), /names a class or function/);
  const forged = Buffer.from('\u0080\u0002cdatetime\ntimedelta\nX\u0001\u0000\u0000\u0000x\u0085R.', 'latin1');
  assert.throws(() => unpickle(forged), /of another form/);
});

test('other protocols are refused', () => {
  for (const protocol of [0, 1, 3, 4, 5]) assert.throws(() => unpickle(pickled('{}', protocol)), /protocol 2/);
});

test('whatever the bytes are, they are read or refused, and never a fault', () => {
  const whole = pickled('({"a": {"b": datetime.timedelta(1), "c": b"x", "d": [1, 2]}}, {"e": (1, 2, 3)})');
  const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
  const attempt = (bytes: Uint8Array): void => {
    try {
      unpickle(bytes);
    } catch (error) {
      assert.ok(error instanceof PickleError, `FUZZ_SEED=${SEED}: ${error}`);
    }
  };
  fc.assert(
    fc.property(damage, (changes) => {
      const bytes = Buffer.from(whole);
      for (const [at, value] of changes) bytes[at] = value;
      attempt(bytes);
    }),
    { seed: SEED, numRuns: 3_000 },
  );
  for (let end = 0; end < whole.length; end++) assert.throws(() => unpickle(whole.subarray(0, end)), PickleError);
});
