import assert from 'node:assert/strict';
import test from 'node:test';
import { Failure } from '../failure.ts';
import { parseDurationOption } from './duration-option.ts';

test('a duration may be written as Mandos writes it and as people do', () => {
  for (const text of ['PT5M30S', '5m 30s', '5m30s', ' 330s ']) assert.equal(parseDurationOption(text, '--t'), 330_000);
  assert.equal(parseDurationOption('PT0S', '--t'), 0);
});

test('what is no duration is refused by the name of its option, without repeating it', () => {
  for (const text of ['', '5', '5 m', 'm5', '1y', 'soon', '-5m', 'P1Y3D']) {
    assert.throws(
      () => parseDurationOption(text, '--timeout'),
      (error) => error instanceof Failure && error.exit === 'usage' && error.message === '--timeout is not a duration.',
    );
  }
});
