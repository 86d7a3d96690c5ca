// systemd keeps a key slot's secret under a key of this machine, and the keep opens itself with it: decrypted by itself while it is
// root, or by systemd for the service. On another machine, or with the file changed, it stays sealed and says why.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { startDevInstance } from '../support/dev-instance.ts';
import { runProgram, runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

const bin = path.join(import.meta.dirname, '..', '..', 'bin');
const isHere = process.geteuid?.() === 0 && existsSync('/usr/bin/systemd-creds');

suite('systemd-creds', { skip: !isHere && 'needs root and systemd-creds' }, () => {
  const scratch = new Scratch();
  let dir: string;
  let slot: string;
  let credential: string;
  let hostKey: Record<string, string>;
  let settings: string;

  /** Starts the keep alone, asks for its status, and ends it. */
  const statusAfterStart = async (env: Readonly<Record<string, string>>) => {
    const args = ['--config', path.join(dir, 'chatelaine.toml'), '--ready-fd', '3'];
    const keep: ChildProcess = spawn(path.join(bin, 'chatelaine-keep'), args, {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...env },
    });
    await once(keep.stdio[3] as NodeJS.ReadableStream, 'data');
    const status = await runProgram(path.join(bin, 'chatelaine'), ['--dir', dir, 'status', '--json']);
    const ended = once(keep, 'exit');
    keep.kill('SIGTERM');
    await ended;
    return JSON.parse(status.stdout.toString());
  };

  before(async () => {
    const instance = await startDevInstance(scratch);
    dir = instance.dir;
    // The key that systemd would keep in /var/lib/systemd for the whole machine.
    hostKey = { SYSTEMD_CREDENTIAL_SECRET: path.join(scratch.directory(), 'credential.secret') };
    const added = JSON.parse(
      await instance.run(['keyslot', 'add', '--systemd-creds', 'host', '--json'], { env: hostKey }),
    );
    ({
      slot: { id: slot },
      credential,
    } = added);
    await instance.stop();
    const config = path.join(dir, 'chatelaine.toml');
    settings = readFileSync(config, 'utf8');
    writeFileSync(config, settings.replace(/^unseal_key_file.*$/m, ''));
  });

  after(() => scratch[Symbol.asyncDispose]());

  test('the credential is a file of its owner, which systemd-creds itself opens', async () => {
    assert.equal(statSync(credential).mode & 0o777, 0o600);
    assert.equal(path.basename(credential), `${slot}.cred`);
    const args = ['decrypt', '--name=chatelaine-unseal', credential, '-'];
    const secret = await runProgram('/usr/bin/systemd-creds', args, { env: hostKey });
    assert.equal(secret.stdout.length, 32);
  });

  test('the keep opens itself at its start, and without the key of this machine it does not', async () => {
    assert.equal((await statusAfterStart(hostKey)).sealed, false);
    const other = { SYSTEMD_CREDENTIAL_SECRET: path.join(scratch.directory(), 'another.secret') };
    // systemd-creds puts a file in the place of its target, whatever that is.
    const discarded = path.join(scratch.directory(), 'discarded');
    await runProgram('/usr/bin/systemd-creds', ['encrypt', '--with-key=host', '-', discarded], { env: other });
    const status = await statusAfterStart(other);
    assert.equal(status.sealed, true);
    assert.match(status.problem, /systemd-creds/);
  });

  test('systemd decrypts it for the service, which then needs no root', async () => {
    const given = scratch.directory();
    const decrypted = path.join(given, 'chatelaine-unseal');
    const args = ['decrypt', '--name=chatelaine-unseal', credential, decrypted];
    await runToSuccess('/usr/bin/systemd-creds', args, { env: hostKey });
    assert.equal(
      (await statusAfterStart({ CREDENTIALS_DIRECTORY: given, SYSTEMD_CREDENTIAL_SECRET: '/nowhere' })).sealed,
      false,
    );
    writeFileSync(decrypted, Buffer.alloc(32, 1));
    const status = await statusAfterStart({ CREDENTIALS_DIRECTORY: given });
    assert.deepEqual([status.sealed, typeof status.problem], [true, 'string']);
  });

  test('a damaged credential leaves the keep sealed, for a person to open', async () => {
    const whole = readFileSync(credential, 'utf8');
    writeFileSync(credential, `${whole.slice(0, 40)}${whole[40] === 'A' ? 'B' : 'A'}${whole.slice(41)}`);
    assert.equal((await statusAfterStart(hostKey)).sealed, true);
    writeFileSync(credential, whole);
  });

  test('removed, the slot takes its credential along, and it was never the last one', async () => {
    writeFileSync(path.join(dir, 'chatelaine.toml'), settings);
    const instance = await startDevInstance(scratch, { dir });
    const slots: { id: string; kind: string }[] = JSON.parse(await instance.run(['keyslot', 'list', '--json']));
    const keyFile = slots.find(({ kind }) => kind === 'key-file')?.id ?? '';
    const refused = await instance.attempt(['keyslot', 'remove', keyFile, '--yes']);
    assert.match(refused.stderr, /last key slot that opens anywhere/);
    await instance.run(['keyslot', 'remove', slot, '--yes']);
    assert.deepEqual(readdirSync(path.dirname(credential)), []);
  });
});
