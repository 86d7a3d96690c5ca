import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusals, refuse } from '@chatelaine/contract';
import { refusalError, rejectionReason } from './refusal-errors.ts';

test('what Mandos says itself is said in its words', () => {
  assert.equal(rejectionReason('disabled'), 'Disabled');
  assert.equal(rejectionReason('expired'), 'Disabled');
  assert.equal(rejectionReason('not-approved'), 'Denied');
  assert.equal(rejectionReason('pending-approval'), 'Approval timed out');
});

test('every refusal has words for a person, and a code that is not known is shown as it is', () => {
  for (const code of Object.keys(refusals)) assert.match(rejectionReason(code), /^[A-Z].*[^.]$/, code);
  assert.equal(rejectionReason('from-a-newer-keep'), 'from-a-newer-keep');
});

test('a machine whose people must sign cannot be approved over the bus, and the error says how it can', () => {
  const error = refusalError(refuse('needs-signatures'));
  assert.equal(error.errorName, 'org.freedesktop.DBus.Error.AccessDenied');
  assert.match(error.message, /chatelaine approve.*needs-signatures/);
});
