import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { explainRefusal, isRefusalCode, refusals, refuse } from './refusals.ts';

describe('the table of refusals', () => {
  test('every code has a text and a hint that are sentences', () => {
    for (const [code, { text, hint }] of Object.entries(refusals)) {
      assert.match(code, /^[a-z]+(-[a-z]+)*$/);
      assert.match(text, /^[A-Z].*\.$/);
      assert.ok(hint.length > 0);
    }
  });

  test('only codes of the table are codes', () => {
    assert.ok(isRefusalCode('denied'));
    for (const wrong of ['', 'toString', '__proto__', 'constructor', 'Denied']) assert.ok(!isRefusalCode(wrong));
  });

  test('a refusal is explained with the field and what is wrong with it', () => {
    assert.equal(
      explainRefusal(refuse('invalid-input', { field: 'door.floor', message: 'is too high' })).text,
      'The request does not have the declared form: door.floor: is too high.',
    );
    assert.equal(explainRefusal(refuse('denied')).text, 'Not allowed.');
  });
});
