// A machine that says itself that it is alive, through the gate, with the command that the timer runs.

import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { createMandosMachine, type MandosMachine } from '../support/mandos-machine.ts';
import { type Finished, runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';
import { startTlsServer } from '../support/tls-server.ts';
import { runUnlock, unlockFrom } from '../support/unlock-command.ts';

const password = 'alive';
const unit = path.join(import.meta.dirname, '../../integrations/systemd/machine/chatelaine-heartbeat.service');
const OTHER_FINGERPRINT = Array.from({ length: 32 }, () => 'AB').join(':');

suite('chatelaine-unlock heartbeat', () => {
  const scratch = new Scratch();
  let instance: DevInstance;
  let machine: MandosMachine;
  let keyFile: string;
  let fingerprint: string;

  /** What the unit runs, with the options that a machine's own file gives. */
  const beat = (...options: readonly string[]): Promise<Finished> => {
    const line = /^ExecStart=\S+\/chatelaine-unlock (.*) \$HEARTBEAT_OPTIONS$/m.exec(readFileSync(unit, 'utf8'))?.[1];
    assert.equal(line, 'heartbeat --key %d/heartbeat.pem');
    return runUnlock(['heartbeat', '--key', keyFile, ...options]);
  };

  const state = async (): Promise<string> =>
    JSON.parse(await instance.run(['machine', 'show', 'web1', '--json'])).state;

  before(async () => {
    instance = await startDevInstance(scratch);
    machine = await createMandosMachine(scratch.directory(), 'web1', password);
    const file = path.join(scratch.directory(), 'clients.conf');
    writeFileSync(file, machine.stanza, { mode: 0o600 });
    await instance.run(['machine', 'import', file]);
    keyFile = path.join(scratch.directory(), 'state', 'key.pem');
    fingerprint = /"fingerprint":"([0-9A-F:]+)"/.exec(instance.words())?.[1] ?? assert.fail();
  });
  after(() => scratch[Symbol.asyncDispose]());

  test('the enrolment makes the key once, for its owner alone, and prints what the server takes', async () => {
    const first = await beat('--enrol', '--name', 'web1');
    assert.equal(first.code, 0, first.stderr);
    assert.equal(statSync(keyFile).mode & 0o7777, 0o600);
    assert.match(first.stderr, /machine set web1 --checker @heartbeat --heartbeat-key FILE/);
    const again = await beat('--enrol');
    assert.deepEqual(again.stdout, first.stdout);
    const openssl = await runToSuccess('openssl', ['pkey', '-in', keyFile, '-pubout']);
    assert.equal(first.stdout.toString(), openssl);
    const publicKey = path.join(scratch.directory(), 'beat.pub');
    writeFileSync(publicKey, first.stdout);
    await instance.run(['machine', 'set', 'web1', '--checker', '@heartbeat', '--heartbeat-key', publicKey]);
  });

  test('the machine lives while it beats, past its timeout; when it stops, it expires and gets nothing', async () => {
    // A heartbeat counts from when the keep asked, and it asks something new every ten seconds.
    const times = ['--timeout', '14s', '--extended-timeout', '1s', '--interval', '1s'];
    await instance.run(['machine', 'set', 'web1', ...times]);
    await instance.run(['machine', 'vouch', 'web1']);
    const server = ['--name', 'web1', '--server', `https://${instance.https}`, '--fingerprint', fingerprint];
    const end = Date.now() + 15_000;
    while (Date.now() < end) {
      const { code, stderr } = await beat(...server);
      assert.equal(code, 0, stderr);
      await pause(500);
    }
    assert.equal(await state(), 'enabled');
    assert.equal((await unlockFrom(machine.keyDir, [instance.mandosPort])).stdout.toString(), password);
    await instance.run(['machine', 'set', 'web1', '--timeout', '2s']);
    for (let turn = 0; turn < 100 && (await state()) !== 'expired'; turn++) await pause(100);
    assert.equal(await state(), 'expired');
    await beat(...server);
    assert.equal(await state(), 'expired', 'a late one does not revive');
    const refused = await unlockFrom(machine.keyDir, [instance.mandosPort], [], { patienceMs: 1_500 });
    assert.equal(refused.stdout.length, 0);
  });

  test('a heartbeat that is not taken by every server is an error that says why', async () => {
    const good = ['--server', `https://${instance.https}`, '--fingerprint', fingerprint];
    const stranger = path.join(scratch.directory(), 'stranger.pem');
    await runToSuccess('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', stranger]);
    const byStranger = await beat('--name', 'web1', '--key', stranger, ...good);
    assert.equal(byStranger.code, 1);
    assert.match(byStranger.stderr, /bad-proof; it does not know this machine by this key and name/);
    const byOtherName = await beat('--name', 'web2', ...good);
    assert.match(byOtherName.stderr, /bad-proof/);
    const oneDown = await beat('--name', 'web1', ...good, '--server', 'http://127.0.0.1:9');
    assert.equal(oneDown.code, 1);
    assert.match(oneDown.stderr, /^chatelaine-unlock: http:\/\/127\.0\.0\.1:9 cannot be told: ECONNREFUSED\n$/);
  });

  test('nothing is sent to a server with another certificate, or to one that nobody vouches for', async () => {
    const server = await startTlsServer(scratch, ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256']);
    const url = `https://127.0.0.1:${server.port}`;
    const other = await beat('--name', 'web1', '--server', url, '--fingerprint', OTHER_FINGERPRINT);
    assert.equal(other.code, 1);
    assert.match(other.stderr, /shows another certificate/);
    const unknown = await beat('--name', 'web1', '--server', url);
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /cannot be told: \S*CERT/);
  });

  test('wrong options end with 64, a missing key with 72', async () => {
    for (const wrong of [
      ['--server', 'keys.example.org'],
      ['--server', 'http://192.0.2.1'],
      ['--fingerprint', 'AA'],
      [],
      ['x'],
    ]) {
      assert.equal((await runUnlock(['heartbeat', ...wrong])).code, 64, wrong.join(' '));
    }
    const missing = await runUnlock(['heartbeat', '--key', '/nowhere', '--server', 'https://192.0.2.1']);
    assert.equal(missing.code, 72);
    assert.match(missing.stderr, /--enrol makes it/);
  });
});
