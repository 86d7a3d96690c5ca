import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isOpen, parseQuestion } from './question.ts';

const whole = `[Ask]
PID=${process.pid}
Socket=/run/systemd/ask-password/sck.17595f73d7ead728
AcceptCached=0
Echo=0
NotAfter=0
Silent=0
Message=Please enter passphrase for disk foo:
Icon=drive-harddisk
Id=cryptsetup:/dev/sdz9
`;

test('a question is read as systemd writes it, and without what may be left out', () => {
  assert.deepEqual(parseQuestion(whole), {
    socket: '/run/systemd/ask-password/sck.17595f73d7ead728',
    pid: process.pid,
    notAfterUs: undefined,
    id: 'cryptsetup:/dev/sdz9',
  });
  assert.deepEqual(parseQuestion('[Other]\nPID=x\n[Ask]\n# PID=x\nPID=1\nSocket=/s\nNotAfter=5\n[More]\nSocket=no'), {
    ...{ socket: '/s', pid: 1, notAfterUs: 5n, id: '' },
  });
});

test('what is not in form is no question', () => {
  const without = (line: RegExp): string => whole.replace(line, '');
  for (const text of [
    '',
    'PID=1\nSocket=/s',
    without(/PID=.*\n/),
    without(/Socket=.*\n/),
    whole.replace('[Ask]', '[ask]'),
  ]) {
    assert.equal(parseQuestion(text), undefined, text);
  }
  for (const [from, to] of [
    [/Socket=/, 'Socket=relative'],
    [/PID=.*/, 'PID=-1'],
    [/PID=.*/, 'PID=0'],
    [/NotAfter=.*/, 'NotAfter=soon'],
  ] as const) {
    assert.equal(parseQuestion(whole.replace(from, to)), undefined, to);
  }
});

test('whatever is in the file, reading it never fails', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      parseQuestion(`[Ask]\n${text}`);
    }),
  );
});

test('a question is over when its time has passed, or nobody is there who asked', () => {
  const question = parseQuestion(whole);
  assert.ok(question !== undefined);
  const nowUs = process.hrtime.bigint() / 1000n;
  assert.equal(isOpen(question), true);
  assert.equal(isOpen({ ...question, notAfterUs: nowUs + 60_000_000n }), true);
  assert.equal(isOpen({ ...question, notAfterUs: nowUs - 1n }), false);
  assert.equal(isOpen({ ...question, pid: 4_194_304 }), false);
});
