import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { Keyring, makeKeyring, PasswordStore } from './index.ts';
import * as keyctl from './keyctl.ts';
import { joinOwnSession } from './testing/own-session.ts';

const session = joinOwnSession();
const PROCESSES = 8;
const ROUNDS = 1_000;

test('of eight processes that write first at once, none loses what it wrote', async () => {
  const program = fileURLToPath(new URL('./testing/first-writer.ts', import.meta.url));
  const children = Array.from({ length: PROCESSES }, (_, index) =>
    spawn(process.execPath, [program, String(session.id), String(index)], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  const answers = children.map(({ stdout }) => createInterface({ input: stdout })[Symbol.asyncIterator]());
  await Promise.all(answers.map((lines) => lines.next()));
  let lost = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const parent = session.addKeyring(`round ${round}`);
    for (const { stdin } of children) stdin.write(`${parent.id}\n`);
    await Promise.all(answers.map((lines) => lines.next()));
    const store = new PasswordStore({ parent: parent.id });
    for (let index = 0; index < PROCESSES; index++) {
      if (store.getText('first', `writer ${index}`) !== `secret ${round}`) lost++;
    }
    parent.clear();
    parent.unlinkFrom(session);
  }
  for (const { stdin } of children) stdin.end();
  await Promise.all(children.map((child) => once(child, 'exit')));
  assert.equal(lost, 0);
});

test('a keyring that is there is used, also one in a nested keyring', () => {
  const nested = session.addKeyring('nested');
  const { keyring, isNew } = makeKeyring(nested.id, 'deep');
  assert.equal(isNew, true);
  assert.deepEqual(makeKeyring(session.id, 'deep'), { keyring, isNew: false });
});

test('nothing of it is left in the keyring of the thread', () => {
  makeKeyring(session.id, 'tidy');
  const thread = keyctl.getKeyringId(-1, true);
  assert.deepEqual(new Keyring(thread).ids(), []);
});

test('dead keyrings do not keep the place', () => {
  for (const kill of [keyctl.revoke, keyctl.invalidate]) {
    const { keyring } = makeKeyring(session.id, 'mortal');
    kill(keyring.id);
    const second = makeKeyring(session.id, 'mortal');
    assert.equal(second.isNew, true);
    assert.notEqual(second.keyring.id, keyring.id);
  }
});

test('a keyring whose parent may not be written to is refused, and nothing is left over', () => {
  const parent = session.addKeyring('read only');
  parent.setPermissions(0x0b00_0000);
  assert.throws(() => makeKeyring(parent.id, 'never'), { name: 'KeyctlError', code: 'EACCES' });
  assert.deepEqual(new Keyring(keyctl.getKeyringId(-1, true)).ids(), []);
});
