import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../failure.ts';
import { optionsOf } from './option-words.ts';

test('words become the options that Trocla has', () => {
  assert.deepEqual(
    optionsOf({
      ...{ length: '24', charset: 'shellsafe', profile: ['mysql'], expires: '1h', random: false, hashOnly: true },
      option: ['cost=12', 'CN=www.example.org', 'altnames=["a","b"]', 'comment=a=b'],
    }),
    {
      ...{ length: 24, charset: 'shellsafe', profiles: ['mysql'], expires: 3_600, random: false, hash_only: true },
      ...{ cost: 12, CN: 'www.example.org', altnames: ['a', 'b'], comment: 'a=b' },
    },
  );
  assert.deepEqual(optionsOf({}), {});
  assert.deepEqual(optionsOf({ expires: 'never' }), { expires: null });
});

test('what is no option says which word is wrong', () => {
  for (const [words, named] of [
    [{ length: '0' }, /--length/],
    [{ length: 'ten' }, /--length/],
    [{ option: ['cost'] }, /--option/],
    [{ expires: 'soon' }, /--expires/],
  ] as const) {
    assert.throws(
      () => optionsOf(words),
      (error) => error instanceof Failure && named.test(error.message),
    );
  }
});
