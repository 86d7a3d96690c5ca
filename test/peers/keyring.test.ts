// The kernel's keyring beside Debian's keyctl: what one writes the other reads, on the names that the Python backend uses.

import assert from 'node:assert/strict';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { keyctl, PasswordStore, PLAIN_RING, remainingTime } from '@chatelaine/keyring';
import { runProgram, runToSuccess } from '../support/run-program.ts';

keyctl.joinSessionKeyring();

const chatelaine = fileURLToPath(new URL('../../bin/chatelaine', import.meta.url));

/** `keyctl` with these words; its answer without the line end. */
const debian = async (...words: readonly string[]): Promise<string> => (await runToSuccess('keyctl', words)).trimEnd();

const pipe = async (id: string): Promise<Buffer> => (await runProgram('keyctl', ['pipe', id])).stdout;

const store = new PasswordStore();

test('keyctl finds and reads what we keep, byte for byte', async () => {
  for (const secret of [
    Buffer.from('plain'),
    Buffer.from('a\0b\n'),
    Buffer.from([0xff, 0xfe]),
    Buffer.alloc(32_767, 9),
  ]) {
    store.setPassword('service', 'user', secret);
    const ring = await debian('search', '@s', 'keyring', PLAIN_RING);
    const key = await debian('search', ring, 'user', 'service:user');
    assert.deepEqual(await pipe(key), secret);
    assert.match(await debian('rdescribe', key), /^user;\d+;\d+;3f010000;service:user$/);
    assert.match(await debian('rdescribe', ring), /^keyring;\d+;\d+;3f010000;python-keyring-keyutils$/);
  }
});

test('we find and read what keyctl keeps, byte for byte', async () => {
  const ring = await debian('search', '@s', 'keyring', PLAIN_RING);
  for (const secret of [Buffer.from('theirs'), Buffer.from('c\0d\n'), Buffer.from('übung'), Buffer.alloc(30_000, 3)]) {
    await runToSuccess('keyctl', ['padd', 'user', 'other:user', ring], { input: secret });
    assert.deepEqual(store.getPassword('other', 'user'), secret);
  }
  assert.deepEqual(store.findAccounts('other'), ['user']);
});

test('a keyring that keyctl made is used, also one below another', async () => {
  keyctl.joinSessionKeyring();
  const outer = await debian('newring', 'outer', '@s');
  const ring = await debian('newring', PLAIN_RING, outer);
  await runToSuccess('keyctl', ['padd', 'user', 'deep:user', ring], { input: 'deep' });
  assert.equal(store.getText('deep', 'user'), 'deep');
  store.setPassword('deep', 'other', 'ours');
  assert.deepEqual(await pipe(await debian('search', ring, 'user', 'deep:other')), Buffer.from('ours'));
});

test('a key of keyctl’s keeps its permissions and its time when we write it', async () => {
  const ring = await debian('search', '@s', 'keyring', PLAIN_RING);
  const key = await runToSuccess('keyctl', ['padd', 'user', 'timed:user', ring], { input: 'old' });
  await debian('setperm', key.trim(), '0x3f000000');
  await debian('timeout', key.trim(), '50');
  store.setPassword('timed', 'user', 'new');
  assert.deepEqual(await pipe(key.trim()), Buffer.from('new'));
  assert.match(await debian('rdescribe', key.trim()), /;3f000000;timed:user$/);
  const left = remainingTime(Number(key));
  assert.ok(left?.kind === 'limited' && left.atMost <= 50 && left.atLeast >= 30, JSON.stringify(left));
});

test('what either removes is gone for the other', async () => {
  const ring = await debian('search', '@s', 'keyring', PLAIN_RING);
  store.setPassword('gone', 'user', 'x');
  const key = await debian('search', ring, 'user', 'gone:user');
  assert.equal(store.deletePassword('gone', 'user'), true);
  assert.notEqual((await runProgram('keyctl', ['pipe', key])).code, 0);
  await runToSuccess('keyctl', ['padd', 'user', 'gone:user', ring], { input: 'again' });
  for (const how of ['unlink', 'invalidate', 'revoke']) {
    const id = (await runToSuccess('keyctl', ['padd', 'user', 'gone:user', ring], { input: how })).trim();
    assert.equal(store.getText('gone', 'user'), how);
    await debian(how, id, ...(how === 'unlink' ? [ring] : []));
    assert.equal(store.getPassword('gone', 'user'), undefined);
  }
});

test('both say the same of a mask, a persistent keyring and the kernel’s abilities', async () => {
  const { formatMask, Keyring } = await import('@chatelaine/keyring');
  const session = Keyring.special('session');
  const key = session.add('user', 'masked', Buffer.of(1));
  key.setPermissions(0x3f0b_0100);
  assert.ok((await debian('describe', String(key.id))).includes(` ${formatMask(0x3f0b_0100).slice(0, 18)}`));
  assert.equal(await debian('get_persistent', '@s'), String(Keyring.persistent(session).id));
  const [first = 0] = keyctl.capabilities();
  assert.match(await debian('supports'), new RegExp(`have_move_key=${first >> 7}`));
});

for (const errno of ['EPERM', 'ENOSYS']) {
  test(`where the kernel or a filter says ${errno} to everything, that is said, and nothing else`, async () => {
    const inject = `inject=keyctl,add_key,request_key:error=${errno}`;
    for (const words of [['get', 'a', 'b'], ['set', 'a', 'b'], ['del', 'a', 'b'], ['list'], ['init'], ['status']]) {
      const trace = ['-f', '-qq', '-o', '/dev/null', '-e', inject];
      const { code, stderr } = await runProgram('strace', [...trace, chatelaine, 'keyring', ...words], { input: 'x' });
      assert.equal(code, 4, `${words[0]}: ${stderr}`);
      assert.match(stderr, /^chatelaine: The kernel gives this process no keys\./);
    }
  });
}
