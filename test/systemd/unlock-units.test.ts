// What a machine runs to open its volumes and to start its services, under a real systemd: the socket that credentials come from, and
// the agent that begins when something is asked.

import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { installedCopy } from '../support/installed-copy.ts';
import { Scratch } from '../support/scratch.ts';
import { bootSystemdMachine, type SystemdMachine } from './systemd-machine.ts';

const root = path.join(import.meta.dirname, '../..');
const units = [
  'chatelaine-key.socket',
  'chatelaine-key.service',
  'chatelaine-unlock-agent.path',
  'chatelaine-unlock-agent.service',
  'chatelaine-heartbeat.timer',
  'chatelaine-heartbeat.service',
];

describe('the machine’s side under systemd', () => {
  const scratch = new Scratch();
  after(() => scratch[Symbol.asyncDispose]());
  let machine: SystemdMachine;

  const systemctl = (...args: readonly string[]): Promise<string> => machine.run('systemctl', args);
  /** A service that needs a credential; its end says whether it got it. */
  const startService = async (name: string, id: string): Promise<string> => {
    await machine.write(
      `/etc/systemd/system/${name}.service`,
      `[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\nLoadCredential=${id}:/run/chatelaine/key.sock\n` +
        `ExecStart=/bin/sh -c 'cat $CREDENTIALS_DIRECTORY/${id} > /tmp/${name}'\n`,
    );
    await systemctl('daemon-reload');
    await machine.attempt('systemctl', ['start', name]);
    return `${await machine.property(`${name}.service`, 'Result')} ${await machine.property(`${name}.service`, 'ExecMainStatus')}`;
  };

  before(async () => {
    assert.equal(process.geteuid?.(), 0, 'namespaces can be tested only as root');
    const copy = await installedCopy(scratch);
    cpSync(path.join(root, 'integrations'), path.join(copy, 'integrations'), { recursive: true });
    machine = await bootSystemdMachine(scratch, copy);
    await machine.run('mkdir', ['-p', '/etc/chatelaine', '/run/systemd/ask-password']);
    for (const unit of units)
      await machine.run('cp', [`/opt/chatelaine/integrations/systemd/machine/${unit}`, '/etc/systemd/system/']);
    await machine.write(
      '/etc/chatelaine/secrets.toml',
      '[units."app.service"]\n"db.password" = ["printf", "a secret"]\nbroken = ["false"]\n',
    );
    await systemctl('daemon-reload');
    await systemctl('start', 'chatelaine-key.socket');
  });

  test('the units are right for systemd', async () => {
    const files = units.map((unit) => `/etc/systemd/system/${unit}`);
    const { code, stderr } = await machine.attempt('systemd-analyze', ['verify', '--man=no', ...files]);
    assert.deepEqual([code, stderr], [0, '']);
  });

  test('a service gets its credential with no code of its own, and what gives it starts by itself', async () => {
    assert.equal(await machine.property('chatelaine-key.service', 'ActiveState'), 'inactive');
    assert.equal(await startService('app', 'db.password'), 'success 0');
    assert.equal(await machine.run('cat', ['/tmp/app']), 'a secret');
    assert.equal(await machine.property('chatelaine-key.service', 'ActiveState'), 'active');
  });

  test('a service does not start with what it may not have, or what could not be got', async () => {
    assert.equal(await startService('other', 'db.password'), 'exit-code 243');
    assert.equal(await startService('app', 'broken'), 'exit-code 243');
    assert.equal(await startService('app', 'unknown'), 'exit-code 243');
    await machine.run('test', ['!', '-e', '/tmp/other']);
  });

  test('the agent starts when something is asked, and ends when nothing is asked any more', async () => {
    const settings =
      '[Service]\nExecStart=\nExecStart=/opt/chatelaine/bin/chatelaine-unlock agent -- printf "from the agent"\n';
    await machine.run('mkdir', ['-p', '/etc/systemd/system/chatelaine-unlock-agent.service.d']);
    await machine.write('/etc/systemd/system/chatelaine-unlock-agent.service.d/client.conf', settings);
    await systemctl('daemon-reload');
    await systemctl('start', 'chatelaine-unlock-agent.path');
    const ask = ['--no-tty', '--timeout=20', '--id=cryptsetup:/dev/sda2', 'Say it:'];
    for (const again of [1, 2]) {
      assert.equal(await machine.run('systemd-ask-password', ask), 'from the agent\n', `time ${again}`);
    }
    assert.equal(await machine.property('chatelaine-unlock-agent.service', 'Result'), 'success');
  });

  test('the timer beats: with the key that root made, as an account without any right, over the network', async () => {
    const key = '/var/lib/chatelaine-heartbeat/key.pem';
    await machine.run('/opt/chatelaine/bin/chatelaine-unlock', ['heartbeat', '--enrol']);
    assert.equal(await machine.run('stat', ['-c', '%a %U', key]), '600 root\n');
    await machine.write('/etc/chatelaine/heartbeat', 'HEARTBEAT_OPTIONS=--name web1 --server http://127.0.0.1:9\n');
    await machine.run('mkdir', ['-p', '/etc/systemd/system/chatelaine-heartbeat.service.d']);
    await machine.write(
      '/etc/systemd/system/chatelaine-heartbeat.service.d/words.conf',
      '[Service]\nStandardError=file:/run/beat\n',
    );
    await systemctl('daemon-reload');
    await systemctl('start', 'chatelaine-heartbeat.timer');
    // Nobody listens there: everything has gone well up to the server.
    const beaten = async (): Promise<boolean> => (await machine.attempt('test', ['-s', '/run/beat'])).code === 0;
    for (let turn = 0; turn < 100 && !(await beaten()); turn++) await sleep(100);
    const words = await machine.run('cat', ['/run/beat']);
    assert.equal(words, 'chatelaine-unlock: http://127.0.0.1:9 cannot be told: ECONNREFUSED\n');
  });
});
