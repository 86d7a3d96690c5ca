// The main job with Debian's own programs: a machine made by mandos-keygen gets its disk password with mandos-client,
// and stops getting it when it may not.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { createMandosMachine, type MandosMachine } from '../support/mandos-machine.ts';
import { Scratch } from '../support/scratch.ts';

const password = 'correct horse\0battery staple\n';

// mandos-client never gives up: that it has printed nothing after this long is its way to say that it got nothing.
const REFUSED_PATIENCE_MS = 4_000;

suite('the stock mandos-client of Debian', () => {
  const scratch = new Scratch();
  let instance: DevInstance;
  let machine: MandosMachine;

  const importStanza = async (stanza: string): Promise<void> => {
    const file = path.join(scratch.directory(), 'clients.conf');
    writeFileSync(file, stanza, { mode: 0o600 });
    await instance.run(['machine', 'import', file]);
  };

  const getsNothing = async (who: MandosMachine): Promise<void> => {
    const fetched = await who.fetch(instance.mandosPort, REFUSED_PATIENCE_MS);
    assert.equal(fetched.stdout.length, 0);
    assert.notEqual(fetched.code, 0);
  };

  const getsPassword = async (who: MandosMachine): Promise<void> => {
    const fetched = await who.fetch(instance.mandosPort);
    assert.equal(fetched.code, 0, fetched.stderr);
    assert.equal(fetched.stdout.toString(), password);
  };

  before(async () => {
    instance = await startDevInstance(scratch);
    machine = await createMandosMachine(scratch.directory(), 'web1', password);
  });
  after(() => scratch[Symbol.asyncDispose]());

  test('gets nothing while its machine is not enrolled', () => getsNothing(machine));

  test('gets its password, byte for byte, once the stanza of mandos-keygen is imported', async () => {
    await importStanza(machine.stanza);
    await getsPassword(machine);
    await getsPassword(machine);
  });

  test('gets nothing after `machine disable`, and `machine why` says why', async () => {
    await instance.run(['machine', 'disable', machine.name]);
    await getsNothing(machine);
    const why = await instance.run(['machine', 'why', machine.name]);
    assert.match(why, /refused/);
    assert.match(why, /disabled/);
    const { last } = JSON.parse(await instance.run(['machine', 'why', machine.name, '--json']));
    assert.equal(last.decision, 'refused');
    assert.equal(last.code, 'disabled');
    assert.ok(last.facts.some((fact: { readonly assurance: string }) => fact.assurance === 'proved'));
  });

  test('gets its password again after `machine enable`', async () => {
    await instance.run(['machine', 'enable', machine.name]);
    await getsPassword(machine);
    const { last } = JSON.parse(await instance.run(['machine', 'why', machine.name, '--json']));
    assert.equal(last.decision, 'released');
  });

  test('gets nothing with a key of its own, whatever it calls itself', async () => {
    await getsNothing(await createMandosMachine(scratch.directory(), machine.name, password));
    await getsPassword(machine);
  });

  test('gets what was decided before a restart', async () => {
    await instance.run(['machine', 'disable', machine.name]);
    assert.equal(await instance.stop(), 0);
    instance = await startDevInstance(scratch, { dir: instance.dir });
    await getsNothing(machine);
    await instance.run(['machine', 'enable', machine.name]);
    await getsPassword(machine);
  });

  test('gets nothing after `machine remove`', async () => {
    await instance.run(['machine', 'remove', '--yes', machine.name]);
    await getsNothing(machine);
  });

  test('left a record of all of it, which verifies', async () => {
    await instance.run(['audit', 'verify']);
  });
});
