import assert from 'node:assert/strict';
import test from 'node:test';
import { deletePassword, findCredentials, findPassword, getPassword, setPassword } from './keytar.ts';
import { joinOwnSession } from './testing/own-session.ts';

joinOwnSession();

test('what keytar does, this does', async () => {
  assert.equal(await getPassword('service', 'account'), null);
  assert.equal(await findPassword('service'), null);
  await setPassword('service', 'account', 'first');
  await setPassword('service', 'account', 'second');
  await setPassword('service', 'other', 'third');
  assert.equal(await getPassword('service', 'account'), 'second');
  assert.deepEqual(await findCredentials('service'), [
    { account: 'account', password: 'second' },
    { account: 'other', password: 'third' },
  ]);
  assert.equal(await findPassword('service'), 'second');
  assert.equal(await deletePassword('service', 'account'), true);
  assert.equal(await deletePassword('service', 'account'), false);
});

test('empty arguments are errors', async () => {
  await assert.rejects(getPassword('', 'account'), TypeError);
  await assert.rejects(setPassword('service', '', 'x'), TypeError);
  await assert.rejects(setPassword('service', 'account', ''), TypeError);
  await assert.rejects(findCredentials(''), TypeError);
});
