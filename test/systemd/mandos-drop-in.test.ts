// The unit of Debian's package with the drop-in that our page shows: systemd starts the stock server first, then ours in its place.

import assert from 'node:assert/strict';
import { cpSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { installedCopy } from '../support/installed-copy.ts';
import { createMandosMachine, type MandosMachine } from '../support/mandos-machine.ts';
import { stanza } from '../support/mandos-servers.ts';
import { Scratch } from '../support/scratch.ts';
import { bootSystemdMachine, type SystemdMachine } from './systemd-machine.ts';

const root = path.join(import.meta.dirname, '../..');
const page = readFileSync(path.join(root, 'docs/mandos-compatibility.md'), 'utf8');
const dropIn = /```ini\n(\[Service\]\nType=notify\n[^`]*)```/.exec(page)?.[1] ?? '';
const password = 'correct horse battery staple';
const UNIT = 'mandos.service';
const PATIENCE_MS = 60_000;

describe('the unit of Debian’s mandos with our drop-in', () => {
  const scratch = new Scratch();
  after(() => scratch[Symbol.asyncDispose]());
  let machine: SystemdMachine;
  let client: MandosMachine;

  const until = async (what: string, isSo: () => Promise<boolean>): Promise<void> => {
    for (const deadline = Date.now() + PATIENCE_MS; !(await isSo()); await sleep(50)) {
      if (Date.now() > deadline) {
        assert.fail(`${what}: never\n${await machine.run('journalctl', ['--no-pager', '--lines=60'])}`);
      }
    }
  };
  const isEnabled = async (name: string): Promise<boolean> =>
    (await machine.attempt('mandos-ctl', ['--is-enabled', name])).code === 0;
  const isSeen = async (): Promise<boolean> => (await machine.attempt('mandos-ctl', [])).code === 0;
  const restart = async (): Promise<void> => {
    const { code, stderr } = await machine.attempt('systemctl', ['restart', UNIT]);
    assert.equal(code, 0, `${stderr}\n${await machine.run('journalctl', ['--no-pager', '--lines=60'])}`);
    await until('mandos-ctl', isSeen);
  };
  const fetches = async (): Promise<string> => (await client.fetch(14_711, 20_000, machine.network)).stdout.toString();

  before(async () => {
    assert.equal(process.geteuid?.(), 0, 'namespaces can be tested only as root');
    const copy = await installedCopy(scratch);
    cpSync(path.join(root, 'integrations'), path.join(copy, 'integrations'), { recursive: true });
    client = await createMandosMachine(scratch.directory(), 'web1', password);
    machine = await bootSystemdMachine(scratch, copy);
    const unit = readFileSync(path.join('/lib/systemd/system', UNIT));
    await machine.write(`/etc/systemd/system/${UNIT}`, unit);
    // Requisite of that unit; nothing is announced here.
    const avahi = '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n';
    await machine.write('/etc/systemd/system/avahi-daemon.service', avahi);
    await machine.run('mkdir', ['-p', '/etc/mandos', '/etc/systemd/system/mandos.service.d']);
    await machine.write('/etc/default/mandos', 'DAEMON_ARGS=--no-zeroconf --port=14711\n');
    await machine.write('/etc/mandos/mandos.conf', '[DEFAULT]\n');
    const clients = `[DEFAULT]\nchecker = true\n${client.stanza}\n${stanza('stolen')}`;
    await machine.write('/etc/mandos/clients.conf', clients);
    await machine.run('install', ['-d', '-m', '700', '-o', '_mandos', '-g', '_mandos', '/var/lib/mandos']);
    await machine.run('rm', ['-rf', '/var/lib/mandos/clients.pickle', '/var/lib/mandos/chatelaine']);
    await machine.run('systemctl', ['daemon-reload']);
    await machine.run('systemctl', ['start', 'dbus.service', 'avahi-daemon.service']);
  });

  test('takes over what the stock server was told, when it is restarted', async () => {
    await restart();
    assert.equal(await fetches(), password);
    await machine.run('mandos-ctl', ['--disable', 'stolen']);
    await machine.run('/opt/chatelaine/scripts/create-accounts', []);
    const policy = '/opt/chatelaine/integrations/dbus/se.recompile.Mandos.conf';
    await machine.run('install', ['-m', '644', policy, '/etc/dbus-1/system.d/']);
    await machine.run('systemctl', ['reload', 'dbus.service']);
    await machine.write('/etc/systemd/system/mandos.service.d/chatelaine.conf', dropIn);
    await machine.run('systemctl', ['daemon-reload']);
    await restart();
    assert.equal(await machine.property(UNIT, 'ActiveState'), 'active');
    assert.equal(await fetches(), password);
    // Debian's server does not always manage to save its state.
    const taken = await machine.attempt('test', ['-e', '/var/lib/mandos/chatelaine/clients.pickle.taken']);
    if (taken.code === 0) assert.equal(await isEnabled('stolen'), false);
  });

  test('is started again after kill -9, and forgets nothing', async () => {
    await machine.run('mandos-ctl', ['--disable', 'stolen']);
    const pid = await machine.property(UNIT, 'MainPID');
    await machine.run('kill', ['-KILL', pid]);
    await until('another server', async () => {
      const now = await machine.property(UNIT, 'MainPID');
      return (
        now !== '0' && now !== pid && (await machine.property(UNIT, 'ActiveState')) === 'active' && (await isSeen())
      );
    });
    assert.equal(await isEnabled('stolen'), false);
    assert.equal(await fetches(), password);
  });

  test('ends well', async () => {
    await machine.run('systemctl', ['stop', UNIT]);
    assert.equal(await machine.property(UNIT, 'Result'), 'success');
    assert.equal(await machine.property(UNIT, 'ExecMainStatus'), '0');
  });
});
