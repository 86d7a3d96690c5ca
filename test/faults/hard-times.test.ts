// What a whole instance does while something it stands on is gone or slow: the keep, the gate or the watch, the anchor's directory,
// a disk that takes its time, descriptors that are used up, and ten times the load. docs/faults.md is the table of it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type Client, machines, system } from '@chatelaine/contract';
import { RawKey } from '@chatelaine/rawtls';
import { makeKeyPair } from '@chatelaine/rawtls/testing';
import { startDevInstance } from '../support/dev-instance.ts';
import { freePort } from '../support/free-port.ts';
import { House } from '../support/house.ts';
import { connectAs } from '../support/instance-link.ts';
import { fetchAtPort } from '../support/machine-at-the-port.ts';
import { machineSettings } from '../support/machine-settings.ts';
import { Scratch } from '../support/scratch.ts';

const SECRET = 'open sesame';
const TURNS = 300;
const USUAL_LOAD = 30;
const SLOW_SYNC_MICROSECONDS = 200_000;
const FEW_DESCRIPTORS = 64;

suite('hard times', { timeout: 300_000 }, () => {
  const scratch = new Scratch();
  let dir: string;
  let port: number;
  let house: House;
  let admin: Client;
  let key: RawKey;

  const fetched = async (): Promise<string | undefined> => (await fetchAtPort(port, key))?.toString();

  const fetchedInTheEnd = async (): Promise<string | undefined> => {
    for (let turn = 0; turn < TURNS; turn++) {
      const secret = await fetched();
      if (secret !== undefined) return secret;
      await pause(100);
    }
    return undefined;
  };

  const restartKeep = async (around: readonly string[] = []): Promise<void> => {
    assert.equal(await house.end('keep', 'SIGTERM'), 0, house.words.slice(-1_000));
    await house.start('keep', around);
  };

  before(async () => {
    port = await freePort();
    const dev = await startDevInstance(scratch, { mandosPort: port });
    dir = dev.dir;
    assert.equal(await dev.stop(), 0);
    house = new House(scratch, dir);
    for (const name of ['keep', 'gate', 'watch'] as const) await house.start(name);
    admin = await connectAs(scratch, dir, 'admin');
    const pair = makeKeyPair();
    const machine = {
      name: 'web1',
      keyId: pair.keyId,
      secret: Buffer.from(SECRET),
      enabled: true,
      settings: machineSettings,
    };
    assert.equal((await admin.call(machines.enroll, { machines: [machine], replace: false })).kind, 'ok');
    key = RawKey.load(pair.publicKey, pair.privateKey);
    scratch.atEnd(() => key.release());
    assert.equal(await fetchedInTheEnd(), SECRET);
  });
  after(() => scratch[Symbol.asyncDispose]());

  test('keep gone: machines get nothing, the gate stays and serves again when the keep is back', async () => {
    const gate = house.pidOf('gate');
    await house.end('keep', 'SIGKILL');
    assert.equal(await fetched(), undefined);
    await house.start('keep');
    assert.equal(await fetchedInTheEnd(), SECRET);
    assert.equal(house.pidOf('gate'), gate);
    assert.ok(house.isRunning('gate') && house.isRunning('watch'));
  });

  test('gate gone: nobody is served, administration goes on, and a new gate serves', async () => {
    await house.end('gate', 'SIGKILL');
    assert.equal(await fetched(), undefined);
    assert.equal((await admin.call(machines.show, { name: 'web1' })).kind, 'ok');
    await house.start('gate');
    assert.equal(await fetchedInTheEnd(), SECRET);
  });

  test('watch gone: machines that are alive are served until their time runs out; it gains none', async () => {
    const before = await admin.call(machines.show, { name: 'web1' });
    await house.end('watch', 'SIGKILL');
    assert.equal(await fetched(), SECRET);
    const later = await admin.call(machines.show, { name: 'web1' });
    assert.ok(before.kind === 'ok' && later.kind === 'ok');
    assert.equal(later.value.expiresAtUnixMs, before.value.expiresAtUnixMs);
    await house.start('watch');
  });

  test('anchor unwritable: a change is not answered as done, releases go on, and all is well when it can be written', async () => {
    const anchor = path.join(dir, 'anchor');
    const kept = readFileSync(path.join(anchor, 'anchor'));
    rmSync(anchor, { recursive: true });
    writeFileSync(anchor, 'in the way', { mode: 0o600 });
    const refused = await admin.call(machines.disable, { name: 'web1' }, { requestId: 'disable-1' });
    assert.ok(refused.kind === 'refused' && refused.code === 'unavailable', JSON.stringify(refused));
    const enabled = await admin.call(machines.enable, { name: 'web1' }, { requestId: 'enable-1' });
    assert.ok(enabled.kind === 'refused' && enabled.code === 'unavailable');
    assert.equal(await fetched(), SECRET);
    rmSync(anchor);
    mkdirSync(anchor, { mode: 0o700 });
    writeFileSync(path.join(anchor, 'anchor'), kept, { mode: 0o600 });
    const again = await admin.call(machines.enable, { name: 'web1' }, { requestId: 'enable-1' });
    assert.equal(again.kind, 'ok', JSON.stringify(again));
    await restartKeep();
    const status = await admin.call(system.status, {});
    assert.ok(status.kind === 'ok' && !status.value.sealed, 'the anchor is up to date');
  });

  test('slow disk: every machine is served, many share one sync', async () => {
    const inject = `inject=fsync,fdatasync:delay_exit=${SLOW_SYNC_MICROSECONDS}`;
    await restartKeep(['strace', '-D', '-f', '-o', '/dev/null', '-e', 'trace=fsync,fdatasync', '-e', inject]);
    assert.equal(await fetchedInTheEnd(), SECRET);
    const secrets = await Promise.all(Array.from({ length: USUAL_LOAD }, fetched));
    assert.deepEqual(secrets, Array(USUAL_LOAD).fill(SECRET));
    await restartKeep();
  });

  test('ten times the load: everybody is served, and the processes are the same as before', async () => {
    assert.equal(await fetchedInTheEnd(), SECRET);
    const pids = [house.pidOf('keep'), house.pidOf('gate')];
    const secrets = await Promise.all(Array.from({ length: 10 * USUAL_LOAD }, fetchedInTheEnd));
    assert.deepEqual(new Set(secrets), new Set([SECRET]));
    assert.deepEqual([house.pidOf('keep'), house.pidOf('gate')], pids);
    assert.ok(house.isRunning('keep') && house.isRunning('gate'));
  });

  for (const name of ['gate', 'keep'] as const) {
    test(`descriptors of the ${name} used up: it stays, and serves again as soon as some are free`, async () => {
      await house.end(name, 'SIGTERM');
      await house.start(name, ['prlimit', `--nofile=${FEW_DESCRIPTORS}:${FEW_DESCRIPTORS}`]);
      assert.equal(await fetchedInTheEnd(), SECRET);
      const target = name === 'gate' ? { port, host: '127.0.0.1' } : { path: path.join(dir, 'run', 'keep.sock') };
      const held = Array.from({ length: 2 * FEW_DESCRIPTORS }, () => net.connect(target).on('error', () => undefined));
      await Promise.race([Promise.all(held.map((socket) => once(socket, 'connect'))), pause(2_000)]);
      await fetched();
      assert.ok(house.isRunning(name), house.words.slice(-1_000));
      for (const socket of held) socket.destroy();
      assert.equal(await fetchedInTheEnd(), SECRET);
    });
  }
});
