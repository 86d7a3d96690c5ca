// The promise of unattended boot with Debian's own mandos-client: a machine whose checks fail gets nothing once its time has
// run out, and a machine that a person has to approve waits for that person.

import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { createMandosMachine, type MandosMachine } from '../support/mandos-machine.ts';
import { Scratch } from '../support/scratch.ts';

const password = 'correct horse battery staple';

// mandos-client never gives up: that it has printed nothing after this long is its way to say that it got nothing.
const REFUSED_PATIENCE_MS = 4_000;
const TURNS = 200;

suite('the stock mandos-client of Debian', () => {
  const scratch = new Scratch();
  let instance: DevInstance;

  before(async () => {
    instance = await startDevInstance(scratch);
  });
  after(() => scratch[Symbol.asyncDispose]());

  const enroll = async (name: string, settings: readonly string[]): Promise<MandosMachine> => {
    const machine = await createMandosMachine(scratch.directory(), name, password);
    const file = path.join(scratch.directory(), 'clients.conf');
    writeFileSync(file, `${machine.stanza}\n${settings.join('\n')}\n`, { mode: 0o600 });
    await instance.run(['machine', 'import', file]);
    return machine;
  };

  const show = async (name: string) => JSON.parse(await instance.run(['machine', 'show', name, '--json']));

  const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
    for (let turn = 0; turn < TURNS; turn++) {
      if (await holds()) return;
      await pause(100);
    }
    throw new Error(`never came true: ${what}`);
  };

  const getsPassword = async (machine: MandosMachine): Promise<void> => {
    const fetched = await machine.fetch(instance.mandosPort);
    assert.equal(fetched.code, 0, fetched.stderr);
    assert.equal(fetched.stdout.toString(), password);
  };

  const getsNothing = async (machine: MandosMachine): Promise<void> => {
    const fetched = await machine.fetch(instance.mandosPort, REFUSED_PATIENCE_MS);
    assert.equal(fetched.stdout.length, 0);
    assert.notEqual(fetched.code, 0);
  };

  test('is served while checks succeed, refused once they failed for too long, and served again after `enable`', async () => {
    const alive = path.join(scratch.directory(), 'alive');
    writeFileSync(alive, '');
    const times = ['timeout = PT4S', 'interval = PT1S', 'extended_timeout = PT4S'];
    const machine = await enroll('web1', [`checker = test -e ${alive}`, ...times]);
    await until('a check succeeded', async () => (await show('web1')).lastCheckerStatus === 0);
    await pause(5_000);
    await getsPassword(machine);
    rmSync(alive);
    await until('its time ran out', async () => (await show('web1')).state === 'expired');
    await getsNothing(machine);
    assert.match(await instance.run(['machine', 'why', 'web1']), /expired/);
    writeFileSync(alive, '');
    await pause(2_500);
    await getsNothing(machine);
    await instance.run(['machine', 'enable', 'web1']);
    await getsPassword(machine);
  });

  test('waits for a person, and gets its password within a second of `chatelaine approve`', async () => {
    const machine = await enroll('web2', ['approval_delay = PT1H', 'approved_by_default = False', 'timeout = PT1H']);
    const fetching = machine.fetch(instance.mandosPort);
    await until('it waits', async () => JSON.parse(await instance.run(['pending', '--json'])).requests.length === 1);
    await pause(1_000);
    await instance.run(['approve', 'web2']);
    const fetched = await fetching;
    assert.equal(fetched.stdout.toString(), password);
  });

  test('gets nothing when a person denies', async () => {
    const machine = await enroll('web3', [
      'approval_delay = PT1H',
      'approved_by_default = True',
      'approval_duration = PT1M',
      'timeout = PT1H',
    ]);
    const fetching = machine.fetch(instance.mandosPort, 8_000);
    await until('it waits', async () => JSON.parse(await instance.run(['pending', '--json'])).requests.length === 1);
    await instance.run(['deny', 'web3']);
    const fetched = await fetching;
    assert.equal(fetched.stdout.length, 0);
    assert.match(await instance.run(['machine', 'why', 'web3']), /not-approved|person said no/);
  });
});
