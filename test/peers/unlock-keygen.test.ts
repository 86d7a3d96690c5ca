// Keys of `chatelaine-unlock keygen` in the hands of Debian's programs, and theirs in ours; and new keys while the machine is up.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { startDebianMandos } from '../support/debian-mandos.ts';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { machineWithKeys } from '../support/mandos-machine.ts';
import { runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';
import { runUnlock, unlockFrom } from '../support/unlock-command.ts';

const password = 'correct\0horse \n';
const files = ['seckey.txt', 'pubkey.txt', 'tls-privkey.pem', 'tls-pubkey.pem'] as const;

suite('chatelaine-unlock keygen', () => {
  const scratch = new Scratch();
  let instance: DevInstance;
  let passwordFile: string;

  const keygen = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await runUnlock(['keygen', ...args]);
    assert.equal(code, 0, stderr);
    return stdout.toString();
  };

  const importStanza = async (stanza: string): Promise<void> => {
    const file = path.join(scratch.directory(), 'clients.conf');
    writeFileSync(file, stanza, { mode: 0o600 });
    await instance.run(['machine', 'import', file]);
  };

  before(async () => {
    instance = await startDevInstance(scratch);
    passwordFile = path.join(scratch.directory(), 'password');
    writeFileSync(passwordFile, password);
  });
  after(() => scratch[Symbol.asyncDispose]());

  test('mandos-keygen encrypts for our keys, Debian’s server takes both stanzas, and both clients get the password', async () => {
    const kinds = [
      ['--type=ECC', '--tls-keytype=ed25519'],
      ['--type=RSA', '--length=2048', '--tls-keytype=ecdsa'],
    ];
    const machines = [];
    for (const [at, kind] of kinds.entries()) {
      const keyDir = path.join(scratch.directory(), 'keys');
      const common = ['--dir', keyDir, '--name', `ours${at}`];
      await keygen(...common, ...kind, '--email=root@example.org', '--comment=a test');
      for (const name of files) assert.equal(statSync(path.join(keyDir, name)).mode & 0o7777, 0o600);
      assert.match(
        readFileSync(path.join(keyDir, 'pubkey.txt'), 'utf8'),
        /^Comment: Mandos client key for ours\d \(a test\) <root@example\.org>\r?$/m,
      );
      const theirs = await runToSuccess('/usr/sbin/mandos-keygen', [...common, '--passfile', passwordFile, '--no-ssh']);
      const own = await keygen(...common, '--passfile', passwordFile);
      const identity = (stanza: string): readonly (string | undefined)[] =>
        ['name', 'key_id', 'fingerprint'].map((option) => new RegExp(`^${option} = (.*)$`, 'm').exec(stanza)?.[1]);
      assert.deepEqual(identity(own), identity(theirs));
      machines.push({ keyDir, name: `ours${at}`, stanza: at === 0 ? theirs : own });
    }
    const server = await startDebianMandos(
      scratch,
      machines.map(({ stanza }) => `${stanza}\nchecker = true\n`).join('\n'),
    );
    for (const { keyDir, name } of machines) {
      const debian = await machineWithKeys(keyDir, name).fetch(server.port);
      assert.equal(debian.stdout.toString(), password, debian.stderr);
      const ours = await unlockFrom(keyDir, [server.port]);
      assert.equal(ours.stdout.toString(), password, ours.stderr);
    }
  });

  test('keys that are there are not replaced unasked', async () => {
    const keyDir = path.join(scratch.directory(), 'keys');
    await keygen('--dir', keyDir, '--name', 'web1');
    const before = readFileSync(path.join(keyDir, 'tls-pubkey.pem'), 'utf8');
    const again = await runUnlock(['keygen', '--dir', keyDir, '--name', 'web1']);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /is there already/);
    assert.equal(readFileSync(path.join(keyDir, 'tls-pubkey.pem'), 'utf8'), before);
    await keygen('--dir', keyDir, '--name', 'web1', '--force');
    assert.notEqual(readFileSync(path.join(keyDir, 'tls-pubkey.pem'), 'utf8'), before);
  });

  test('what cannot be made is refused with the name of the option, and nothing is made', async () => {
    const keyDir = path.join(scratch.directory(), 'keys');
    for (const wrong of [
      '--type=DSA',
      '--length=512',
      '--tls-keytype=x',
      '--expire=soon',
      '--email=x',
      '--comment=(',
      '--name=<',
    ]) {
      const { code, stderr } = await runUnlock(['keygen', '--dir', keyDir, wrong]);
      assert.equal(code, 64, wrong);
      assert.ok(stderr.includes(wrong.split('=')[0] ?? ''), stderr);
    }
    assert.equal(existsSync(keyDir), false);
  });

  test('a rotation changes nothing before the server knows the new keys, and the old ones work until then', async () => {
    const keyDir = path.join(scratch.directory(), 'keys');
    mkdirSync(keyDir, { mode: 0o700 });
    const common = ['--dir', keyDir, '--name', 'rotating'];
    await runToSuccess('/usr/sbin/mandos-keygen', [...common, '--length', '2048', '--sublength', '2048']);
    await importStanza(await keygen(...common, '--passfile', passwordFile));
    const before = files.map((name) => readFileSync(path.join(keyDir, name), 'utf8'));
    const rotate = () => runUnlock(['keygen', ...common, '--rotate', `--connect=127.0.0.1:${instance.mandosPort}`]);

    const first = await rotate();
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout.toString(), /^# for 127\.0\.0\.1:\d+\n\[rotating-[0-9a-f]{8}\]\nhost = rotating\n/);
    const again = await rotate();
    assert.equal(again.code, 1, 'the server does not know them yet');
    assert.match(again.stderr, /gives nothing for this key/);
    assert.deepEqual(
      files.map((name) => readFileSync(path.join(keyDir, name), 'utf8')),
      before,
    );
    assert.equal((await unlockFrom(keyDir, [instance.mandosPort])).stdout.toString(), password);

    await importStanza(first.stdout.toString());
    assert.equal((await rotate()).code, 0);
    assert.deepEqual(
      files.map((name) => readFileSync(path.join(keyDir, 'previous', name), 'utf8')),
      before,
    );
    assert.equal(existsSync(path.join(keyDir, 'next')), false);
    await instance.run(['machine', 'remove', '--yes', 'rotating']);
    assert.equal((await unlockFrom(keyDir, [instance.mandosPort])).stdout.toString(), password);
  });
});
