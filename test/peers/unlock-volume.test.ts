// `chatelaine unlock` with systemd's own program that opens volumes, and the keyring of the kernel that both keep passwords in. Mapping a
// volume needs device-mapper, which is not everywhere: what is shown here is what systemd gets.

import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { makeLuksImage } from '../support/luks-image.ts';
import { type Finished, runProgram } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

const chatelaine = path.join(import.meta.dirname, '../../bin/chatelaine');

describe('chatelaine unlock', () => {
  const scratch = new Scratch();
  after(() => scratch[Symbol.asyncDispose]());
  const directory = scratch.directory();
  const crypttab = path.join(directory, 'crypttab');

  const program = (script: string): string => {
    const file = path.join(scratch.directory(), 'program');
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
    return file;
  };
  /** With questions and a session of its own; afterwards, what the kernel keeps is printed and thrown away. */
  const unlock = (from: string, volume = 'data', more: readonly string[] = []): Promise<Finished> => {
    const script = `mkdir -p /run/systemd/ask-password; mount -t tmpfs none /run/systemd/ask-password || exit 99
      keyctl new_session >/dev/null; keyctl link @u @s; keyctl unlink %user:cryptsetup @u 2>/dev/null
      "$@" </dev/null; echo "code $?"
      keyctl pipe %user:cryptsetup && sed -n 's/.* \\([0-9]*m\\) .*cryptsetup: .*/ for \\1/p' /proc/keys
      keyctl unlink %user:cryptsetup @u 2>/dev/null; true`;
    const command = [chatelaine, 'unlock', volume, '--crypttab', crypttab, '--program', from, ...more];
    return runProgram('timeout', [
      '30',
      'unshare',
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-c',
      script,
      'sh',
      ...command,
    ]);
  };

  before(async () => {
    assert.equal(process.geteuid?.(), 0, 'only root opens volumes');
    const image = path.join(directory, 'image');
    await makeLuksImage(image, Buffer.from('the pass phrase'));
    writeFileSync(crypttab, `# comment\ndata ${image} none luks,tries=1,timeout=1\n`);
  });

  test('gives systemd the machine’s password, in the kernel’s keyring, for two and a half minutes', async () => {
    const { stdout, stderr } = await unlock(program("printf 'the pass phrase'"));
    assert.match(stdout.toString(), /the pass phrase for 2m/, stderr);
    // It took the password from there: nobody was asked, and the volume fails only for want of device-mapper.
    assert.match(stderr, /Failed to activate with specified passphrase: Operation not supported/);
    assert.doesNotMatch(stderr, /Failed to query password/);
  });

  test('leaves it to systemd to ask the person if nothing is given, whatever was written', async () => {
    const { stdout, stderr } = await unlock(program('printf half; exit 1'));
    assert.doesNotMatch(stdout.toString(), /half/);
    assert.match(stderr, /has to be typed/);
    assert.match(stdout.toString(), /code 1/);
  });

  test('one that takes too long is not waited for', async () => {
    const { stderr } = await unlock(program('exec sleep 60'), 'data', ['--wait', '1']);
    assert.match(stderr, /has to be typed/);
  });

  test('a password that the kernel’s list would split is not put there', async () => {
    const { stdout, stderr } = await unlock(program("printf 'a\\0b'"));
    assert.match(stderr, /systemd cannot be told this password/);
    assert.match(stdout.toString(), /^code 1$/m);
  });

  test('a volume that is not in the table, and a table that is not there, are said', async () => {
    assert.match((await unlock('/bin/true', 'other')).stdout.toString(), /code 5/);
    assert.match((await unlock('/bin/true', 'data', ['--crypttab', '/nonexistent'])).stdout.toString(), /code 4/);
  });
});
