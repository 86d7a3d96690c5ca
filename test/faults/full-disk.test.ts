// A full disk under a whole instance: machines go on getting their passwords from a reserve, changes are refused, what changes
// nothing goes on, and with room everything does, by itself.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { audit, type Client, machines, system } from '@chatelaine/contract';
import { RawKey } from '@chatelaine/rawtls';
import { type KeyPair, makeKeyPair } from '@chatelaine/rawtls/testing';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { connectAs } from '../support/instance-link.ts';
import { fetchAtPort } from '../support/machine-at-the-port.ts';
import { machineSettings } from '../support/machine-settings.ts';
import { Scratch } from '../support/scratch.ts';

const FETCHES = 100;
const TURNS = 300;

/** Leaves no block free. */
const fillDisk = (file: string): void => {
  const descriptor = openSync(file, 'w');
  try {
    for (const size of [65_536, 4_096]) {
      const block = Buffer.alloc(size, 1);
      try {
        for (;;) if (writeSync(descriptor, block) === 0) break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  } finally {
    closeSync(descriptor);
  }
};

suite('a full disk', () => {
  const scratch = new Scratch();
  const pair: KeyPair = makeKeyPair();
  let place: string;
  let instance: DevInstance;
  let admin: Client;
  let key: RawKey;

  /** A change of a machine that is not asked for. */
  const toggle = (turn: number) => admin.call(turn % 2 === 0 ? machines.disable : machines.enable, { name: 'other' });
  const disable = () => admin.call(machines.disable, { name: 'web1' });

  before(async () => {
    assert.equal(process.geteuid?.(), 0, 'a disk can be mounted only as root');
    place = path.join(scratch.directory(), 'disk');
    mkdirSync(place);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=40m,mode=700', 'tmpfs', place]);
    assert.equal(mounted.status, 0, String(mounted.stderr));
    scratch.atEnd(() => spawnSync('umount', ['-l', place]));
    instance = await startDevInstance(scratch, { dir: path.join(place, 'instance') });
    admin = await connectAs(scratch, instance.dir, 'admin');
    const machine = {
      name: 'web1',
      keyId: pair.keyId,
      secret: Buffer.from('open sesame'),
      enabled: true,
      settings: machineSettings,
    };
    const other = { ...machine, name: 'other', keyId: makeKeyPair().keyId };
    assert.equal((await admin.call(machines.enroll, { machines: [machine, other], replace: false })).kind, 'ok');
    key = RawKey.load(pair.publicKey, pair.privateKey);
    scratch.atEnd(() => key.release());
    assert.equal(String(await fetchAtPort(instance.mandosPort, key)), 'open sesame');
  });
  after(() => scratch[Symbol.asyncDispose]());

  test('refuses changes, and says why', async () => {
    fillDisk(path.join(place, 'ballast'));
    let answer = await toggle(0);
    // What room the log has already is used up first; until then it is the anchor beside it that has none.
    for (let turn = 0; turn < TURNS && !(answer.kind === 'refused' && answer.code === 'disk-full'); turn++) {
      if (answer.kind === 'refused') assert.equal(answer.code, 'unavailable');
      answer = await toggle(turn);
    }
    assert.ok(answer.kind === 'refused' && answer.code === 'disk-full', JSON.stringify(answer));
  });

  test('goes on with what changes nothing', async () => {
    assert.equal((await admin.call(system.status, {})).kind, 'ok');
    assert.equal((await admin.call(machines.show, { name: 'web1' })).kind, 'ok');
    assert.equal((await admin.call(audit.list, { limit: 10 })).kind, 'ok');
  });

  test('gives machines their passwords out of the reserve, each on record', async () => {
    const shown = await admin.call(machines.show, { name: 'web1' });
    assert.ok(shown.kind === 'ok');
    assert.ok(shown.value.enabled);
    for (let fetched = 0; fetched < FETCHES; fetched++) {
      assert.equal(String(await fetchAtPort(instance.mandosPort, key)), 'open sesame', `fetch ${fetched}`);
    }
    const refused = await disable();
    assert.ok(refused.kind === 'refused' && refused.code === 'disk-full', 'the reserve is for releases alone');
  });

  test('recovers by itself when there is room', async () => {
    rmSync(path.join(place, 'ballast'));
    let answer = await disable();
    for (let turn = 0; answer.kind === 'refused' && turn < TURNS; turn++) {
      await pause(100);
      answer = await disable();
    }
    assert.equal(answer.kind, 'ok');
    assert.equal(await fetchAtPort(instance.mandosPort, key), undefined, 'the change counts');
    const verdicts = await admin.stream(audit.verify, {});
    assert.ok(Symbol.asyncIterator in verdicts);
    let last: string | undefined;
    for await (const { kind } of verdicts) last = kind;
    assert.equal(last, 'intact');
  });
});
