import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PassPhraseHasher } from '@chatelaine/secret';
import { readVaultHeader } from './index.ts';
import { accepted, keyFile, makeVault, passPhrase, putRecord, readRecord } from './testing/test-vault.ts';
import type { SlotSecret } from './vault.ts';

const codeOf = (result: { readonly kind: string; readonly code?: string }): string => result.code ?? result.kind;
const file = (text: string): SlotSecret => ({ kind: 'key-file', secret: Buffer.from(text.padEnd(16, '.')) });
const phrase = (text: string): SlotSecret => ({ kind: 'pass-phrase', secret: Buffer.from(text) });

test('every slot opens the same vault, and a removed one no longer does', async (t) => {
  const { vault, reopen } = await makeVault(t, passPhrase);
  await putRecord(vault, 'c', 'a', 'value');
  const added = accepted(await vault.addSlot(keyFile, 'the usb stick', 42));
  assert.deepEqual(
    { ...added, id: added.id.length },
    { id: 16, kind: 'key-file', label: 'the usb stick', createdAtUnixMs: 42 },
  );
  for (const secret of [passPhrase, keyFile]) {
    const opened = accepted(await reopen(secret));
    assert.equal(opened.rootKeyId, vault.rootKeyId);
    assert.equal(await readRecord(opened, 'c', 'a'), 'value');
  }
  accepted(await vault.removeSlot(added.id));
  assert.equal(codeOf(await reopen(keyFile)), 'wrong-key');
  accepted(await reopen(passPhrase));
});

test('a wrong secret is refused with the id of the root key that was expected', async (t) => {
  const { vault, reopen } = await makeVault(t, passPhrase);
  accepted(await vault.addSlot(keyFile, '', 0));
  const wrong = [
    phrase('correct horse battery stapl'),
    file('another file'),
    { ...passPhrase, kind: 'key-file' } as const,
  ];
  for (const secret of wrong) {
    const refused = await reopen(secret);
    assert.ok(refused.kind === 'refused');
    assert.equal(refused.code, 'wrong-key');
    assert.ok(refused.message?.includes(vault.rootKeyId));
    assert.ok(!JSON.stringify(refused).includes('horse'));
  }
});

test('a weak pass phrase, a short key file and a long label are refused and change nothing', async (t) => {
  const { vault, store } = await makeVault(t);
  const { revision } = store.state;
  assert.equal(codeOf(await vault.addSlot(phrase('eleven char'), '', 0)), 'weak-pass-phrase');
  assert.equal(codeOf(await vault.addSlot(phrase('éééééé'), '', 0)), 'weak-pass-phrase');
  assert.equal(codeOf(await vault.addSlot({ kind: 'key-file', secret: Buffer.alloc(15) }, '', 0)), 'invalid-input');
  assert.equal(codeOf(await vault.addSlot(keyFile, 'x'.repeat(101), 0)), 'invalid-input');
  assert.equal(store.state.revision, revision);
  accepted(await vault.addSlot(phrase('twelve chars'), 'x'.repeat(100), 0));
  accepted(await vault.addSlot(phrase('éééééééééééé'), '', 0));
});

test('eight slots of a kind and no more; other kinds have their own eight', async (t) => {
  const { vault, reopen } = await makeVault(t);
  for (let index = 0; index < 7; index++) accepted(await vault.addSlot(file(`file ${index}`), `${index}`, index));
  assert.equal(codeOf(await vault.addSlot(file('one more'), '', 0)), 'too-many-keyslots');
  accepted(await vault.addSlot(passPhrase, 'a person', 0));
  assert.equal((await vault.slots()).length, 9);
  accepted(await reopen(file('file 6')));
});

test('the last slot stays, and an unknown one is not found', async (t) => {
  const { vault } = await makeVault(t);
  const [only] = await vault.slots();
  assert.ok(only !== undefined);
  assert.equal(codeOf(await vault.removeSlot(only.id)), 'last-keyslot');
  for (const id of ['', 'ffffffffffffffff', 'not hex', only.id.slice(1)]) {
    assert.equal(codeOf(await vault.removeSlot(id)), 'not-found');
  }
});

test('two changes of slots at once do not both happen: neither nine slots nor none', async (t) => {
  const { vault } = await makeVault(t);
  for (let index = 0; index < 6; index++) accepted(await vault.addSlot(file(`file ${index}`), '', 0));
  const answers = await Promise.all([vault.addSlot(file('x'), '', 0), vault.addSlot(file('y'), '', 0)]);
  assert.deepEqual(answers.map(codeOf).sort(), ['conflict', 'ok']);
  const slots = await vault.slots();
  for (const { id } of slots.slice(2)) accepted(await vault.removeSlot(id));
  const removed = await Promise.all(slots.slice(0, 2).map(({ id }) => vault.removeSlot(id)));
  assert.deepEqual(removed.map(codeOf).sort(), ['conflict', 'ok']);
});

test('a damaged slot does not keep another from opening, is counted, named, and can be removed', async (t) => {
  const { vault, store, reopen } = await makeVault(t);
  const added = accepted(await vault.addSlot(passPhrase, '', 0));
  const key = `01${added.id}`;
  const entry = store.state.entries.get(key);
  assert.ok(entry !== undefined);
  store.state.entries.set(key, { ...entry, value: entry.value.subarray(0, 30) });
  const opened = accepted(await reopen(keyFile));
  const header = accepted(await readVaultHeader(store));
  assert.deepEqual([header.slots.length, header.damagedSlots], [1, 1]);
  await assert.rejects(opened.slots(), new RegExp(added.id));
  const refused = await reopen(passPhrase);
  assert.equal(codeOf(refused), 'damaged');
  accepted(await opened.removeSlot(added.id));
  assert.equal((await opened.slots()).length, 1);
});

test('an audit record of the change is in the same transaction', async (t) => {
  const { vault, store, anchorPath, reopen } = await makeVault(t);
  const added = accepted(await vault.addSlot(passPhrase, '', 0, { lane: 0, record: Buffer.from('slot added') }));
  accepted(await vault.removeSlot(added.id, { lane: 0, record: Buffer.from('slot removed') }));
  const records = await store.audit(0, { from: 1, limit: 9 });
  assert.equal(records.length, 2);
  assert.ok(anchorPath.length > 0);
  accepted(await reopen());
});

test('when too many pass phrases are being tried, one more is told that it is busy', async (t) => {
  const { vault, reopen } = await makeVault(t, passPhrase);
  const { hash } = PassPhraseHasher.prototype;
  t.mock.method(PassPhraseHasher.prototype, 'hash', async () => ({ kind: 'busy' }));
  assert.equal(codeOf(await reopen(passPhrase)), 'busy');
  assert.equal(codeOf(await vault.addSlot(passPhrase, '', 0)), 'busy');
  t.mock.restoreAll();
  assert.equal(PassPhraseHasher.prototype.hash, hash);
  accepted(await reopen(passPhrase));
});
