import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lockedMemory, SecretBytes } from '@chatelaine/secret';
import { formatShare, type KeyShare, parseShare } from './share-text.ts';

const share = (): KeyShare => ({
  number: 2,
  threshold: 3,
  storeId: '0011223344556677',
  slotId: '8899aabbccddeeff',
  value: SecretBytes.copyOf(Buffer.from('an example of a share, 32 bytes.')),
});

const written = (): string => {
  const made = share();
  using text = formatShare(made, '00112233445566778899aabbccddeeff', 5);
  made.value.release();
  return text.bytes.toString('ascii');
};

const lineOf = (text: string): string => text.split('\n').findLast((line) => line.startsWith('chshare1-')) ?? '';
const codeOf = (text: string): string => {
  const parsed = parseShare(Buffer.from(text));
  if (parsed.kind === 'refused') return parsed.code;
  parsed.value.value.release();
  return parsed.kind;
};

test('a share is three lines of which one is to be typed', () => {
  assert.equal(
    written(),
    '# Share 2 of 5. Any 3 of them open the Chatelaine store 00112233445566778899aabbccddeeff and its backups.\n' +
      '# Keep it apart from the others. Key slot 8899aabbccddeeff.\n' +
      'chshare1-008j4ct4-ank7f24s-naxwsqfe-zw1g4rbe-41jqgrbd-e1p6a83f-crg6283k-d1gq4s9c-40sk4832-f5t6awse-y2wx8y8h\n',
  );
});

test('what was written is read, whole or only its line, in capitals, with spaces, cut into lines, and with letters that look alike', () => {
  const { pieces } = lockedMemory.use();
  const text = written();
  const line = lineOf(text);
  const forms = [
    text,
    line,
    ` \r\n${line.toUpperCase()}\r\n`,
    line.replace('chshare1-', '').replaceAll('-', ' ').replace(/^/, 'CHshare1-  '),
    line.replaceAll('-', '-\n'),
    `chshare1-${line.slice(9).replaceAll('0', 'O').replaceAll('1', 'l')}`,
  ];
  for (const form of forms) {
    const parsed = parseShare(Buffer.from(form));
    assert.ok(parsed.kind === 'ok', form);
    const { value, ...rest } = parsed.value;
    const expected = share();
    assert.deepEqual({ ...rest, value: value.bytes }, { ...expected, value: expected.value.bytes });
    value.release();
    expected.value.release();
  }
  assert.equal(lockedMemory.use().pieces, pieces);
});

test('one wrong, missing, doubled or swapped character is noticed', () => {
  const line = lineOf(written());
  const { pieces } = lockedMemory.use();
  for (let at = 9; at < line.length; at++) {
    if (line[at] === '-') continue;
    const other = line[at] === 'z' ? 'y' : 'z';
    assert.equal(codeOf(line.slice(0, at) + other + line.slice(at + 1)), 'invalid-input');
    assert.equal(codeOf(line.slice(0, at) + line.slice(at + 1)), 'invalid-input');
    assert.equal(codeOf(`${line.slice(0, at)}a${line.slice(at)}`), 'invalid-input');
    const swapped = line.slice(0, at) + (line[at + 1] ?? '') + line[at] + line.slice(at + 2);
    const isSame = line[at] === line[at + 1] || !/[0-9a-z]/.test(line[at + 1] ?? '');
    assert.equal(codeOf(swapped), isSame ? 'ok' : 'invalid-input');
  }
  assert.equal(lockedMemory.use().pieces, pieces);
});

test('anything else is refused, and never thrown or repeated', () => {
  const line = lineOf(written());
  for (const text of ['', '#', 'chshare2-00', 'a pass phrase', line.replace('-', 'ü'), `${line}${line}`]) {
    const parsed = parseShare(Buffer.from(text));
    assert.ok(parsed.kind === 'refused');
    assert.equal(parsed.field, 'share');
    assert.ok(text.length < 8 || !(parsed.message ?? '').includes(text.slice(9, 17)));
  }
  let seed = 7;
  for (let round = 0; round < 20_000; round++) {
    const bytes = Buffer.from(
      Array.from({ length: round % 150 }, () => {
        seed = (seed * 48_271) % 2_147_483_647;
        return seed % 256;
      }),
    );
    if (round % 2 === 0) bytes.write('chshare1-');
    assert.equal(parseShare(bytes).kind, 'refused');
  }
});
