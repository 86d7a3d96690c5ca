import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeLine, MAX_LINE_BYTES } from './protocol-line.ts';

const judge = (text: string, hasEnded = false) => judgeLine(Buffer.from(text, 'latin1'), hasEnded);

test('every line that asks for version 1 or less is spoken here', () => {
  const lines = [
    '1\r\n',
    '1\n',
    '0\r\n',
    '-5\r\n',
    '-0\n',
    '+1\n',
    '01\r\n',
    '+000\n',
    '  1\t\r\n',
    '1 hello world\r\n',
    '1\x0bx\n',
    '1 \xc3\xa9\n',
  ];
  for (const line of lines) assert.equal(judge(line), 'spoken', JSON.stringify(line));
});

test('any other line is answered by hanging up', () => {
  const lines = [
    '2\r\n',
    '10\n',
    '1.0\r\n',
    '0x1\r\n',
    'abc\r\n',
    '\r\n',
    '\n',
    '  \n',
    '+-1\n',
    '--1\n',
    '- 1\n',
    '1a\n',
    '+\n',
    '1\x00\n',
  ];
  for (const line of [...lines, '\xff\xfe\n', '1 \xff\n', '21\n', '0002\n']) {
    assert.equal(judge(line), 'hang-up', JSON.stringify(line));
  }
});

test('a line goes on until LF: neither CR alone nor silence ends it', () => {
  for (const part of ['', '1', '1\r', '1 h', '2']) assert.equal(judge(part), 'more', JSON.stringify(part));
});

test('the end of the stream ends the line, but an empty stream is none', () => {
  assert.equal(judge('1', true), 'spoken');
  assert.equal(judge('1\r', true), 'spoken');
  assert.equal(judge('2', true), 'hang-up');
  assert.equal(judge('', true), 'hang-up');
});

test('a line may be long, but not without bound', () => {
  assert.equal(judge(`1 ${'x'.repeat(MAX_LINE_BYTES - 3)}\n`), 'spoken');
  assert.equal(judge(`1 ${'x'.repeat(MAX_LINE_BYTES - 2)}\n`), 'hang-up');
  assert.equal(judge('1'.padEnd(MAX_LINE_BYTES - 1, ' ')), 'more');
  assert.equal(judge('1'.padEnd(MAX_LINE_BYTES, ' ')), 'hang-up');
});

test('bytes behind the line, before we have spoken, are a violation', () => {
  assert.equal(judge('1\r\n\x16'), 'hang-up');
  assert.equal(judge('1\n1\n'), 'hang-up');
});
