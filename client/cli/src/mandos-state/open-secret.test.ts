import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import test from 'node:test';
import { GnuPg } from '../testing/gnupg.ts';
import { ScratchDirectory } from '../testing/scratch-directory.ts';
import { openSavedSecret, passPhraseOf } from './open-secret.ts';

/** As the real server calls gpg. */
const encryptWithGpg = (scratch: ScratchDirectory, gpg: GnuPg, secret: Uint8Array, configured: Uint8Array): Buffer => {
  writeFileSync(scratch.in('passphrase'), passPhraseOf(configured));
  return gpg.run(['--symmetric', '--passphrase-file', scratch.in('passphrase'), '--force-mdc'], secret);
};

test('what gpg encrypted with a configured secret opens with it, and with no other', async () => {
  using scratch = new ScratchDirectory();
  using gpg = new GnuPg();
  const long = randomBytes(1_200);
  long[7] = 0;
  for (const [secret, configured] of [
    [Buffer.from('hello'), Buffer.from('hello')],
    [randomBytes(1_190), long],
    [Buffer.from('new\0\n\\'), Buffer.alloc(0)],
    [Buffer.alloc(5_000, 'x'), Buffer.from('\\\n\0'.repeat(400))],
  ] as const) {
    const saved = encryptWithGpg(scratch, gpg, secret, configured);
    assert.deepEqual(Buffer.from((await openSavedSecret(saved, configured)) ?? []), secret);
    assert.equal(await openSavedSecret(saved, Buffer.concat([configured, Buffer.from('x')])), undefined);
  }
});

test('what is no such message does not open', async () => {
  using scratch = new ScratchDirectory();
  using gpg = new GnuPg();
  const configured = Buffer.from('hello');
  const saved = encryptWithGpg(scratch, gpg, configured, configured);
  assert.equal(await openSavedSecret(new Uint8Array(), configured), undefined);
  assert.equal(await openSavedSecret(saved.subarray(0, 20), configured), undefined);
  const changed = Buffer.from(saved);
  changed[changed.length - 3] = (changed.at(-3) ?? 0) ^ 1;
  assert.equal(await openSavedSecret(changed, configured), undefined);
});
