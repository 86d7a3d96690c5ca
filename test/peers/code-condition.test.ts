// A machine that boots needs a one-time code: Debian's mandos-client waits, and gets its password once a named person gave a code
// that oathtool makes, at the command line or over HTTP. oathtool(1)

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { createMandosMachine, type MandosMachine } from '../support/mandos-machine.ts';
import { runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

interface Pending {
  readonly requestId: string;
}

const PATIENCE_MS = 60_000;

suite('a machine that needs a one-time code', () => {
  const scratch = new Scratch();
  let instance: DevInstance;
  let machine: MandosMachine;
  let seed: string;
  let counter = 0;

  /** The next code of ada's token. */
  const nextCode = async (): Promise<string> =>
    (await runToSuccess('oathtool', ['--hotp', '-b', '-c', String(counter++), seed])).trim();

  const pendingNow = async (): Promise<readonly Pending[]> =>
    JSON.parse(await instance.run(['pending', '--json'])).requests;

  const until = async (count: number): Promise<readonly Pending[]> => {
    const deadline = Date.now() + PATIENCE_MS;
    while (Date.now() < deadline) {
      const requests = await pendingNow();
      if (requests.length === count) return requests;
      await sleep(50);
    }
    throw new Error(`not ${count} requests wait`);
  };

  before(async () => {
    instance = await startDevInstance(scratch);
    const directory = scratch.directory();
    machine = await createMandosMachine(directory, 'web1', 'open sesame');
    await instance.run(['user', 'add', 'ada', '--group', 'ops']);
    const enrolled = JSON.parse(await instance.run(['otp', 'enroll', 'ada', '--hotp', '--json']));
    seed = new URL(enrolled.uri).searchParams.get('secret') ?? '';
    await instance.run(['otp', 'confirm', 'ada', '--hotp'], { input: `${await nextCode()}\n${await nextCode()}\n` });
    const file = path.join(directory, 'clients.conf');
    writeFileSync(file, machine.stanza, { mode: 0o600 });
    await instance.run(['machine', 'import', file]);
    await instance.run(['machine', 'set', 'web1', '--checker', 'true', '--code-of', 'ada', '--approval-delay', '10m']);
  });
  after(() => scratch[Symbol.asyncDispose]());

  test('gets its password when one is given at the command line, and the same code serves nobody again', async () => {
    const fetching = machine.fetch(instance.mandosPort, PATIENCE_MS);
    await until(1);
    assert.match(await instance.run(['pending']), /a code of ada/);
    assert.match(await instance.run(['machine', 'why', 'web1']), /is kept waiting: condition "one-time-code"/);
    const wrong = await instance.attempt(['approve', 'web1', '--code'], { input: '000000' });
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /not accepted/);
    const code = await nextCode();
    const given = await instance.attempt(['approve', 'web1', '--code'], { input: `${code}\n` });
    assert.equal(given.code, 0, given.stderr);
    assert.match(given.stderr, /^The code of ada counts for web1, this once\.$/m);
    const fetched = await fetching;
    assert.equal(fetched.stdout.toString(), 'open sesame', fetched.stderr);
    assert.match(await instance.run(['machine', 'why', 'web1']), /one-time-code-given-by = ada/);
    await until(0);
    const again = machine.fetch(instance.mandosPort, 8_000);
    await until(1);
    assert.equal((await instance.attempt(['approve', 'web1', '--code'], { input: code })).code, 1);
    assert.equal((await again).stdout.length, 0);
    await until(0);
  });

  test('gets its password when one is given over HTTP, by a rule for its branch that names a group', async () => {
    await instance.run(['machine', 'set', 'web1', '--no-code-of']);
    await instance.run(['machine', 'rule', 'set', '/', '--code-of', 'group:ops']);
    assert.match(await instance.run(['machine', 'rule', 'list']), /group:ops/);
    assert.match(await instance.run(['machine', 'show', 'web1']), /one-time code of:\s+group:ops, as for all machines/);
    const token = (await instance.run(['token', 'create', 'desk', '--grant', 'machines.give-code:**'])).trim();
    const fetching = machine.fetch(instance.mandosPort, PATIENCE_MS);
    const [request] = await until(1);
    const give = async (code: string): Promise<number> => {
      const answer = await fetch(`http://${instance.http}/v1/approvals/${request?.requestId}/code`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ user: 'ada', code }),
      });
      return answer.status;
    };
    assert.equal(await give('000000'), 403);
    assert.equal(await give(await nextCode()), 200);
    assert.equal((await fetching).stdout.toString(), 'open sesame');
    assert.match(await instance.run(['metrics']), /^chatelaine_codes_total\{outcome="accepted"\} 2$/m);
  });

  test('can be denied, and an administrator cannot approve it in place of the code', async () => {
    await until(0);
    const fetching = machine.fetch(instance.mandosPort, 8_000);
    await until(1);
    const approved = await instance.attempt(['approve', 'web1']);
    assert.equal(approved.code, 1);
    assert.match(approved.stderr, /has to give a one-time code/);
    await instance.run(['deny', 'web1']);
    assert.equal((await fetching).stdout.length, 0);
  });
});
