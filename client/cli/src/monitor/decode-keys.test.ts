import assert from 'node:assert/strict';
import test from 'node:test';
import { decodeKeys } from './decode-keys.ts';

test('keys are known in each of the ways that terminals send them', () => {
  assert.deepEqual(decodeKeys('\u001b[A\u001bOB\u001b[5~\u001b[6~\u001b[1~\u001b[F'), [
    ...['up', 'down', 'page-up', 'page-down', 'home', 'end'],
  ]);
});

test('typed text is text, of any language', () => {
  assert.deepEqual(decodeKeys('zü😀\r\t\u007f\u0003'), ['z', 'ü', '😀', 'enter', 'tab', 'backspace', 'interrupt']);
});

test('Escape alone is a key; what nobody knows is passed over whole', () => {
  assert.deepEqual(decodeKeys('\u001b'), ['escape']);
  assert.deepEqual(decodeKeys('\u001b[15;2~\u001b[?1;2ca'), ['a']);
});
