// Named people approve a machine that boots, each with a key of OpenSSH: Debian's mandos-client waits, and gets its password
// once enough of them have signed exactly its request.

import assert from 'node:assert/strict';
import { unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { createMandosMachine, type MandosMachine } from '../support/mandos-machine.ts';
import { type Finished, runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

interface Pending {
  readonly requestId: string;
  readonly approvedBy: readonly string[];
}

const PATIENCE_MS = 60_000;

suite('people who are named for a machine', () => {
  const scratch = new Scratch();
  let instance: DevInstance;
  let machine: MandosMachine;
  let directory: string;

  const keyOf = (name: string): string => path.join(directory, name);

  const pendingNow = async (): Promise<readonly Pending[]> =>
    JSON.parse(await instance.run(['pending', '--json'])).requests;

  /** The request of a machine that has begun to wait. */
  const untilItWaits = async (): Promise<Pending> => {
    const deadline = Date.now() + PATIENCE_MS;
    while (Date.now() < deadline) {
      const [request] = await pendingNow();
      if (request !== undefined) return request;
      await sleep(50);
    }
    throw new Error('no request came');
  };

  const untilNobodyWaits = async (): Promise<void> => {
    const deadline = Date.now() + PATIENCE_MS;
    while ((await pendingNow()).length > 0) {
      if (Date.now() > deadline) throw new Error('a request stays');
      await sleep(50);
    }
  };

  const decide = (what: 'approve' | 'deny', who: string, which = machine.name): Promise<Finished> =>
    instance.attempt([what, which, '--key', keyOf(who), '--yes']);

  before(async () => {
    instance = await startDevInstance(scratch);
    directory = scratch.directory();
    machine = await createMandosMachine(directory, 'web1', 'open sesame');
    for (const name of ['anna', 'ben', 'cara', 'eve']) {
      await runToSuccess('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', keyOf(name)]);
      if (name !== 'eve') await instance.run(['approver', 'add', name, `${keyOf(name)}.pub`]);
    }
    const file = path.join(directory, 'clients.conf');
    writeFileSync(file, machine.stanza, { mode: 0o600 });
    await instance.run(['machine', 'import', file]);
    await instance.run([
      'machine',
      'set',
      'web1',
      '--checker',
      'true',
      '--approvers',
      'anna,ben',
      '--approval-delay',
      '10m',
    ]);
  });
  after(() => scratch[Symbol.asyncDispose]());

  test('release it together, and each sees what is signed', async () => {
    const fetching = machine.fetch(instance.mandosPort, PATIENCE_MS);
    const { requestId } = await untilItWaits();
    const first = await decide('approve', 'anna');
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stderr, /^As anna you sign exactly this:$/m);
    assert.match(first.stderr, new RegExp(`^  request: ${requestId}$`, 'm'));
    assert.match(first.stderr, /^ {2}machine: web1$/m);
    assert.match(first.stderr, /^anna approved; web1 needs 1 more\.$/m);
    assert.match(await instance.run(['pending']), /1 of 2 \(anna\), still ben/);
    const second = await decide('approve', 'ben', requestId.slice(0, 8));
    assert.match(second.stderr, /^web1 is approved\.$/m);
    const fetched = await fetching;
    assert.equal(fetched.code, 0, fetched.stderr);
    assert.equal(fetched.stdout.toString(), 'open sesame');
    await untilNobodyWaits();
  });

  test('sign elsewhere, with nothing but OpenSSH, and send the signature', async () => {
    const fetching = machine.fetch(instance.mandosPort, PATIENCE_MS);
    await untilItWaits();
    const statement = await instance.run(['approve', 'web1', '--print']);
    for (const name of ['anna', 'ben']) {
      const args = ['-q', '-Y', 'sign', '-n', 'approval@chatelaine', '-f', keyOf(name)];
      const signature = await runToSuccess('ssh-keygen', args, { input: statement });
      // What says approve does not deny, and what one signed is nobody else's.
      const denial = await instance.attempt(['deny', 'web1', '--as', name, '--signature', '-'], { input: signature });
      assert.equal(denial.code, 1, denial.stderr);
      const other = name === 'anna' ? 'ben' : 'anna';
      const forged = await instance.attempt(['approve', 'web1', '--as', other, '--signature', '-'], {
        input: signature,
      });
      assert.equal(forged.code, 1, forged.stderr);
      await instance.run(['approve', 'web1', '--as', name, '--signature', '-'], { input: signature });
    }
    assert.equal((await fetching).stdout.toString(), 'open sesame');
    await untilNobodyWaits();
    const nothing = await instance.attempt(['approve', 'web1', '--print']);
    assert.equal(nothing.code, 1);
  });

  test('refuse it, each alone; nobody else can decide, and nobody twice', async () => {
    const fetching = machine.fetch(instance.mandosPort, 8_000);
    const { requestId } = await untilItWaits();
    const stranger = await decide('approve', 'eve');
    assert.equal(stranger.code, 1);
    assert.match(stranger.stderr, /is no key of an approver/);
    const notNamed = await decide('approve', 'cara');
    assert.equal(notNamed.code, 1);
    assert.match(notNamed.stderr, /cara may not decide about web1[\s\S]*anna, ben/);
    const lying = await instance.attempt(['approve', 'web1', '--key', keyOf('eve'), '--as', 'anna', '--yes']);
    assert.equal(lying.code, 1);
    assert.equal((await decide('approve', 'anna')).code, 0);
    const twice = await decide('approve', 'anna');
    assert.deepEqual(
      (await pendingNow()).map(({ approvedBy }) => approvedBy),
      [['anna']],
      twice.stderr,
    );
    const administrator = await instance.attempt(['approve', requestId]);
    assert.equal(administrator.code, 2);
    assert.match(administrator.stderr, /has to be signed/);
    assert.match((await decide('deny', 'ben')).stderr, /^web1 is denied\.$/m);
    const refused = await fetching;
    assert.equal(refused.stdout.length, 0);
  });

  test('sign with a key that only an agent holds', async () => {
    const started = await runToSuccess('ssh-agent', ['-s', '-a', path.join(directory, 'agent')]);
    const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(started)?.[1]);
    scratch.atEnd(() => process.kill(pid));
    const env = { SSH_AUTH_SOCK: path.join(directory, 'agent') };
    for (const name of ['anna', 'ben']) {
      await runToSuccess('ssh-add', ['-q', keyOf(name)], { env });
      unlinkSync(keyOf(name));
    }
    await untilNobodyWaits();
    const fetching = machine.fetch(instance.mandosPort, PATIENCE_MS);
    await untilItWaits();
    await instance.run(['approve', 'web1', '--as', 'anna', '--yes'], { env });
    await instance.run(['approve', 'web1', '--key', `${keyOf('ben')}.pub`, '--yes'], { env });
    assert.equal((await fetching).stdout.toString(), 'open sesame');
  });

  test('are asked at a prompt before anything is signed, and a script has to say that it means it', async () => {
    await untilNobodyWaits();
    const fetching = machine.fetch(instance.mandosPort, 6_000);
    await untilItWaits();
    const unconfirmed = await instance.attempt(['approve', 'web1', '--key', keyOf('cara'), '--as', 'anna']);
    assert.equal(unconfirmed.code, 2);
    assert.match(unconfirmed.stderr, /has to be confirmed/);
    assert.equal((await fetching).stdout.length, 0);
  });
});
