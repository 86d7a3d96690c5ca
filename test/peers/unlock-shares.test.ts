// A disk password in three shares: at two servers of ours and at Debian's. Any two give it, each alone nothing.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { startDebianMandos } from '../support/debian-mandos.ts';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { machineWithKeys } from '../support/mandos-machine.ts';
import { Scratch } from '../support/scratch.ts';
import { unlockFrom } from '../support/unlock-command.ts';

const password = 'correct horse\0battery\n';

suite('a password in shares', () => {
  const scratch = new Scratch();
  let [here, other]: DevInstance[] = [];
  let keyDir: string;
  let ports: readonly [number, number, number];

  before(async () => {
    [here, other] = await Promise.all([startDevInstance(scratch), startDevInstance(scratch)]);
    const directory = scratch.directory();
    keyDir = path.join(directory, 'keys');
    const shareDir = path.join(directory, 'shares');
    const shares = ['--servers', 'here,bern,debian', '--threshold', '2', '--share-dir', shareDir];
    const args = ['machine', 'enroll', 'web1', '--key-dir', keyDir, ...shares, '--json'];
    const enrolled = JSON.parse(await here.run(args, { input: password }));
    assert.deepEqual(enrolled.shareFiles, [path.join(shareDir, 'bern.conf'), path.join(shareDir, 'debian.conf')]);
    await other.run(['machine', 'import', path.join(shareDir, 'bern.conf')]);
    const stanza = readFileSync(path.join(shareDir, 'debian.conf'), 'utf8');
    const debian = await startDebianMandos(scratch, `${stanza}\nchecker = true\n`);
    ports = [here.mandosPort, other.mandosPort, debian.port];
  });
  after(() => scratch[Symbol.asyncDispose]());

  test('any two servers give the password to the last byte, and so do all three', async () => {
    const [one, two, three] = ports;
    for (const some of [
      [one, two],
      [two, three],
      [three, one],
      [one, two, three],
    ]) {
      const { code, stdout, stderr } = await unlockFrom(keyDir, some);
      assert.equal(stdout.toString(), password, stderr);
      assert.equal(code, 0);
    }
  });

  test('one server alone gives nothing, and it is said what is missing', async () => {
    const waiting = ports.map((port) => unlockFrom(keyDir, [port], [], { patienceMs: 2_000 }));
    for (const { stdout, stderr } of await Promise.all(waiting)) {
      assert.equal(stdout.length, 0);
      assert.match(stderr, /gave its share of the password; one more is needed/);
    }
  });

  test('what a server gives, opened by somebody with the keys of the machine, has nothing of the password in it', async () => {
    const { stdout } = await machineWithKeys(keyDir, 'web1').fetch(ports[0]);
    assert.equal(stdout.toString('latin1', 0, 8), 'chdshr1\0');
    assert.equal(stdout.includes('horse'), false);
  });

  test('wrong lists of servers are refused by name, and nothing is made', async () => {
    const wrong = [
      ['--servers', 'here,bern'],
      ['--threshold', '2'],
      ['--servers', 'bern,basel', '--threshold', '2'],
      ['--servers', 'here,bern,bern', '--threshold', '2'],
      ['--servers', 'here,../bern', '--threshold', '2'],
      ['--servers', 'here,bern', '--threshold', '3'],
      ['--servers', 'here,bern', '--threshold', '1'],
    ];
    const keys = path.join(scratch.directory(), 'keys');
    for (const options of wrong) {
      const { code, stderr } =
        (await here?.attempt(['machine', 'enroll', 'web2', '--key-dir', keys, ...options], { input: 'x' })) ??
        assert.fail();
      assert.equal(code, 2, stderr);
      assert.match(stderr, /--servers|--threshold/);
    }
    assert.equal(existsSync(keys), false);
  });
});
