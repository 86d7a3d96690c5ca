// The server as systemd runs it: a real systemd as process 1 of a machine in namespaces, with the units as they are installed.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { cpSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { installedCopy } from '../support/installed-copy.ts';
import { createMandosMachine, type MandosMachine } from '../support/mandos-machine.ts';
import { Scratch } from '../support/scratch.ts';
import { bootSystemdMachine, type SystemdMachine } from './systemd-machine.ts';

const root = path.join(import.meta.dirname, '../..');
const password = 'correct horse battery staple';
const processes = ['keep', 'watch', 'gate'] as const;
const unit = (name: string): string => `chatelaine-${name}.service`;
const CREDENTIAL = '/run/credentials/chatelaine-keep.service/unseal.key';
const PATIENCE_MS = 60_000;

describe('the server under systemd', () => {
  const scratch = new Scratch();
  after(() => scratch[Symbol.asyncDispose]());
  let machine: SystemdMachine;
  let client: MandosMachine;

  const systemctl = (...args: readonly string[]): Promise<string> => machine.run('systemctl', args);
  const installUnits = (...args: readonly string[]) =>
    machine.attempt('/opt/chatelaine/scripts/install-units', args, { env: { HOME: '/root' } });
  const chatelaine = (...args: readonly string[]) =>
    machine.attempt('/opt/chatelaine/bin/chatelaine', args, { env: { HOME: '/root' } });
  const chatelaineDone = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await chatelaine(...args);
    assert.equal(code, 0, stderr);
    return stdout.toString();
  };
  const configure = (keep: string, gate = '', more = ''): Promise<void> =>
    machine.write('/etc/chatelaine/chatelaine.toml', `[keep]\n${keep}\n[gate.mandos]\n${gate}\n${more}\n`);

  const until = async (what: string, isSo: () => Promise<boolean>): Promise<void> => {
    for (const deadline = Date.now() + PATIENCE_MS; !(await isSo()); await sleep(50)) {
      if (Date.now() > deadline) {
        assert.fail(`${what}: never\n${await machine.run('journalctl', ['--no-pager', '--lines=60'])}`);
      }
    }
  };
  const stateOf = (name: string): Promise<string> => machine.property(unit(name), 'ActiveState');
  const untilState = (name: string, state: string): Promise<void> =>
    until(`${name} ${state}`, async () => (await stateOf(name)) === state);
  const isSealed = async (): Promise<boolean | undefined> => {
    const { stdout } = await chatelaine('status', '--json');
    return stdout.length === 0 ? undefined : JSON.parse(stdout.toString()).sealed;
  };
  const untilAnswers = (sealed: boolean): Promise<void> =>
    until(sealed ? 'sealed' : 'open', async () => (await isSealed()) === sealed);

  /** Kills a process and waits until systemd has started another one in its place. */
  const killAndWait = async (name: string): Promise<void> => {
    const pid = await machine.property(unit(name), 'MainPID');
    assert.notEqual(pid, '0', name);
    await machine.run('kill', ['-KILL', pid]);
    await until(`another ${name}`, async () => {
      const now = await machine.property(unit(name), 'MainPID');
      return now !== '0' && now !== pid && (await stateOf(name)) === 'active';
    });
  };
  const fetches = async (port = 14711, patienceMs = 20_000): Promise<string> =>
    (await client.fetch(port, patienceMs, machine.network)).stdout.toString();

  before(async () => {
    assert.equal(process.geteuid?.(), 0, 'namespaces can be tested only as root');
    const copy = await installedCopy(scratch);
    for (const part of ['integrations', 'scripts/install-units']) {
      cpSync(path.join(root, part), path.join(copy, part), { recursive: true });
    }
    client = await createMandosMachine(scratch.directory(), 'web1', password);
    machine = await bootSystemdMachine(scratch, copy);
    await machine.run('mkdir', ['-m', '755', '/etc/chatelaine']);
    await machine.write('/etc/chatelaine/unseal.key', randomBytes(32));
    await machine.write('/etc/chatelaine/clients.conf', client.stanza);
    await configure(`unseal_key_file = "${CREDENTIAL}"`);
  });

  test('the units are installed once, and every later run changes nothing', async () => {
    const first = await installUnits('--unseal-key', '/etc/chatelaine/unseal.key');
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stderr, /chatelaine-keep\.service is written/);
    const second = await installUnits('--unseal-key', '/etc/chatelaine/unseal.key');
    assert.equal(second.code, 0);
    assert.doesNotMatch(second.stderr, /is written|created/);
    assert.equal((await systemctl('is-enabled', 'chatelaine.target')).trim(), 'enabled');
    const files = '/etc/systemd/system/chatelaine*.{target,service,socket}';
    const verified = await machine.attempt('bash', ['-c', `systemd-analyze verify --man=no ${files}`]);
    assert.deepEqual([verified.code, verified.stderr], [0, '']);
  });

  test('one command starts everything: the keep, then the watch with its checkers, then the gate', async () => {
    await chatelaineDone('init', '--key-file', '/etc/chatelaine/unseal.key');
    await systemctl('start', 'chatelaine.target');
    for (const name of processes) assert.equal(await stateOf(name), 'active', name);
    const times = [];
    for (const name of processes)
      times.push(Number(await machine.property(unit(name), 'ActiveEnterTimestampMonotonic')));
    assert.deepEqual(
      times,
      times.toSorted((one, other) => one - other),
    );
    assert.match(await systemctl('list-units', '--plain', '--no-legend', 'chatelaine-check@*'), / active running /);
    assert.equal(await isSealed(), false);
  });

  test('a machine gets its disk password, and so the keep has opened by its credential', async () => {
    await chatelaineDone('machine', 'import', '/etc/chatelaine/clients.conf');
    assert.equal(await fetches(), password);
  });

  test('each process works as its own account, without a privilege but checkers’ one to ping, a core dump or a system call it does not need', async () => {
    const pids: Record<string, string> = {};
    for (const name of processes) pids[name] = await machine.property(unit(name), 'MainPID');
    const [check = ''] = (await systemctl('list-units', '--plain', '--no-legend', 'chatelaine-check@*')).split(' ');
    pids['check'] = await machine.property(check, 'MainPID');
    const one = await machine.run('readlink', ['/proc/1/ns/net']);
    for (const [name, pid] of Object.entries(pids)) {
      const status = await machine.run('cat', [`/proc/${pid}/status`]);
      const account = `chatelaine-${name}`;
      const id = (await machine.run('id', ['--user', account])).trim();
      const group = (await machine.run('id', ['--group', account])).trim();
      assert.match(status, new RegExp(`^Uid:\\s+${id}\\s+${id}\\s+${id}\\s+${id}$`, 'm'), name);
      assert.match(status, new RegExp(`^Gid:\\s+${group}\\s+${group}\\s+${group}\\s+${group}$`, 'm'), name);
      assert.match(status, new RegExp(`^Groups:\\s+(?:${group}\\s*)?$`, 'm'), name);
      // CAP_NET_RAW, for fping.
      const capabilities = name === 'check' ? '0+2000' : '0+';
      for (const set of ['Prm', 'Eff', 'Bnd', 'Amb']) {
        assert.match(status, new RegExp(`^Cap${set}:\\s+${capabilities}$`, 'm'), name);
      }
      assert.match(status, /^NoNewPrivs:\s+1$/m);
      assert.match(status, /^Seccomp:\s+2$/m);
      assert.match(await machine.run('cat', [`/proc/${pid}/limits`]), /^Max core file size\s+0\s+0\s/m);
      const isNetworked = name === 'gate' || name === 'check';
      assert.equal((await machine.run('readlink', [`/proc/${pid}/ns/net`])) === one, isNetworked, name);
    }
  });

  test('the files have their owners and modes: only the socket is for the group, only PID files are for everybody', async () => {
    const listing = await machine.run('find', ['/run/chatelaine', '/var/lib/chatelaine', '-printf', '%p %m %u:%g\n']);
    const passable = ['/run/chatelaine', '/var/lib/chatelaine', ...processes.map((name) => `/run/chatelaine/${name}`)];
    for (const line of listing.trim().split('\n')) {
      const [file = '', mode = '', owner = ''] = line.split(' ');
      const [, part] = /^\/(?:run|var\/lib)\/chatelaine\/(\w+)/.exec(file) ?? [];
      const expected =
        file === '/run/chatelaine/keep/keep.sock'
          ? ['660', 'chatelaine-keep:chatelaine']
          : file === '/run/chatelaine/check.sock'
            ? ['600', 'chatelaine-watch']
            : [
                file.endsWith('.pid') ? '644' : passable.includes(file) ? '755' : undefined,
                part === undefined ? 'root:root' : `chatelaine-${part === 'anchor' ? 'keep' : part}:chatelaine`,
              ];
      assert.ok(owner.startsWith(expected[1] ?? ''), line);
      if (expected[0] === undefined) assert.match(mode, /^[67]00$/, line);
      else assert.equal(mode, expected[0], line);
    }
  });

  test('nobody but the keep can read what it was handed; checkers see nothing of Chatelaine and no configuration', async () => {
    const checker = [
      'id -un > /tmp/told',
      'for f in /etc/chatelaine /var/lib/chatelaine /run/chatelaine; do ls $f >> /tmp/told 2>&1; done',
      `cat ${CREDENTIAL} >> /tmp/told 2>&1`,
      'cat /run/credentials/chatelaine-check@*/* >> /tmp/told',
      'mv /tmp/told /tmp/done',
    ].join('; ');
    const stanza = `[checked]\nhost = x\nkey_id = ${'1'.repeat(64)}\nchecker = ${checker}\ninterval = PT2S\nsecret = AAAA\n`;
    await machine.write('/etc/chatelaine/checked.conf', stanza);
    await chatelaineDone('machine', 'import', '/etc/chatelaine/checked.conf');
    const told = 'cat /tmp/systemd-private-*-chatelaine-check@*/tmp/done';
    await until('a checker', async () => (await machine.attempt('sh', ['-c', told])).code === 0);
    const lines = (await machine.run('sh', ['-c', told])).trim().split('\n');
    assert.equal(lines[0], 'chatelaine-check');
    for (const line of lines.slice(1, 5)) assert.match(line, /Permission denied|No such file/);
    assert.deepEqual(lines.slice(5), ['purpose = "production"']);
    for (const account of ['chatelaine-gate', 'chatelaine-watch']) {
      const args = [`--reuid=${account}`, '--regid=chatelaine', '--clear-groups', 'cat', CREDENTIAL];
      assert.match((await machine.attempt('setpriv', args)).stderr, /Permission denied/);
    }
  });

  test('fping, Mandos’s default checker, works in these confines', async () => {
    const checker = 'fping -q -- 127.0.0.1; echo $? > /tmp/pinging; mv /tmp/pinging /tmp/pinged';
    const stanza = `[pinged]\nhost = x\nkey_id = ${'2'.repeat(64)}\nchecker = ${checker}\ninterval = PT2S\nsecret = AAAA\n`;
    await machine.write('/etc/chatelaine/pinged.conf', stanza);
    await chatelaineDone('machine', 'import', '/etc/chatelaine/pinged.conf');
    const pinged = 'cat /tmp/systemd-private-*-chatelaine-check@*/tmp/pinged';
    await until('a ping', async () => (await machine.attempt('sh', ['-c', pinged])).code === 0);
    assert.equal((await machine.run('sh', ['-c', pinged])).trim(), '0');
  });

  test('a keep that is killed is started again and opens by its credential, and the others find it', async () => {
    await killAndWait('keep');
    await untilAnswers(false);
    await until('the password again', async () => (await fetches()) === password);
    for (const name of processes) assert.equal(await stateOf(name), 'active', name);
  });

  test('a watch and a gate that are killed are started again', async () => {
    await killAndWait('watch');
    await killAndWait('gate');
    assert.equal(await fetches(), password);
    const running = async () =>
      (await systemctl('list-units', '--plain', '--no-legend', 'chatelaine-check@*')).trim().split('\n').length;
    await until('one process for checkers', async () => (await running()) === 1);
  });

  test('a credential that only this machine can decrypt opens it as well', async () => {
    const file = '/etc/chatelaine/unseal.cred';
    const encrypt = ['encrypt', '--with-key=host', '--name=unseal.key', '/etc/chatelaine/unseal.key', file];
    await machine.run('systemd-creds', encrypt);
    assert.equal((await installUnits('--unseal-key', file)).code, 0);
    assert.match(await systemctl('cat', unit('keep')), /^LoadCredentialEncrypted=unseal\.key:/m);
    await systemctl('restart', unit('keep'));
    assert.equal(await isSealed(), false);
  });

  test('a key slot that systemd keeps opens it without a key file', async () => {
    const added = JSON.parse(await chatelaineDone('keyslot', 'add', '--systemd-creds', 'host', '--json'));
    await configure('');
    assert.equal((await installUnits('--unseal-key', added.credential)).code, 0);
    assert.match(await systemctl('cat', unit('keep')), /^LoadCredentialEncrypted=chatelaine-unseal:/m);
    await systemctl('restart', unit('keep'));
    assert.equal(await isSealed(), false);
  });

  test('"chatelaine seal" ends the keep, and systemd leaves it ended', async () => {
    await chatelaineDone('seal');
    await untilState('keep', 'inactive');
    // Longer than a restart would take.
    await sleep(3_000);
    assert.equal(await stateOf('keep'), 'inactive');
    assert.equal(await machine.property(unit('keep'), 'Result'), 'success');
  });

  test('without a credential the keep waits for a person, also after it was killed', async () => {
    await configure('');
    assert.equal((await installUnits()).code, 0);
    assert.doesNotMatch(await systemctl('cat', unit('keep')), /unseal/);
    await systemctl('start', unit('keep'));
    assert.equal(await isSealed(), true);
    await killAndWait('keep');
    await untilAnswers(true);
    assert.equal(await fetches(14711, 3_000), '');
    await chatelaineDone('unseal', '--key-file', '/etc/chatelaine/unseal.key');
    assert.equal(await fetches(), password);
  });

  test('wrong settings end a process for good, with its words in the journal', async () => {
    await configure('no_such_option = 1');
    const { code } = await machine.attempt('systemctl', ['restart', unit('keep')]);
    assert.equal(code, 1);
    await untilState('keep', 'failed');
    const words = await machine.run('journalctl', ['--no-pager', '--unit', unit('keep'), '--lines=20']);
    assert.match(words, /chatelaine\.toml:2.*no_such_option.*is not an option/);
    await configure(`unseal_key_file = "${CREDENTIAL}"`);
    assert.equal((await installUnits('--unseal-key', '/etc/chatelaine/unseal.key')).code, 0);
    await systemctl('restart', 'chatelaine.target', unit('keep'));
    await untilAnswers(false);
  });

  test('the gate listens below port 1024 with the one capability for that, and not without it', async () => {
    await configure(`unseal_key_file = "${CREDENTIAL}"`, 'listen = ["127.0.0.1:471"]');
    assert.equal((await machine.attempt('systemctl', ['restart', unit('gate')])).code, 1);
    assert.equal((await installUnits('--unseal-key', '/etc/chatelaine/unseal.key', '--low-ports')).code, 0);
    await systemctl('restart', unit('gate'));
    const status = await machine.run('cat', [`/proc/${await machine.property(unit('gate'), 'MainPID')}/status`]);
    assert.match(status, /^CapEff:\s+0+400$/m);
    await until('the password at a low port', async () => (await fetches(471)) === password);
  });

  test('the bridge shows the machines on the system bus, and the courier runs a hook', async () => {
    const hook = '[[courier.hooks]]\ncommand = ["/bin/sh", "-c", "cat >> /tmp/notices"]\nkinds = ["released"]';
    await configure(`unseal_key_file = "${CREDENTIAL}"`, 'listen = ["127.0.0.1:471"]', hook);
    await machine.run('cp', ['/opt/chatelaine/integrations/dbus/se.recompile.Mandos.conf', '/etc/dbus-1/system.d/']);
    await systemctl('enable', '--now', unit('bus'), unit('courier'));
    assert.match(await machine.run('mandos-ctl', []), /^web1 +Yes/m);
    await until('the password', async () => (await fetches(471)) === password);
    const notices = 'cat /tmp/systemd-private-*-chatelaine-courier.service-*/tmp/notices';
    await until('a notice', async () => /web1/.test((await machine.attempt('sh', ['-c', notices])).stdout.toString()));
  });

  test('with volumes, the keep starts only when they are mounted, and keeps its temporary files there', async () => {
    await systemctl('stop', 'chatelaine.target', unit('gate'), unit('keep'));
    const given = ['--unseal-key', '/etc/chatelaine/unseal.key', '--low-ports', '--volumes'];
    assert.equal((await installUnits(...given)).code, 0);
    const missing = await machine.attempt('systemctl', ['start', unit('keep')]);
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /dependency/i);
    assert.equal(await stateOf('keep'), 'inactive');
    // There is no device-mapper here: what a volume would hold is a directory, and stands in for it.
    await machine.run('cp', ['-a', '/var/lib/chatelaine/keep', '/srv/keep']);
    await machine.run('sh', [
      '-c',
      'for p in keep gate; do install -d -m 700 -o chatelaine-$p -g chatelaine /srv/$p-temp; done',
    ]);
    const places = [
      ['keep', 'keep'],
      ['temp-keep', 'keep-temp'],
      ['temp-gate', 'gate-temp'],
    ] as const;
    for (const [place, source] of places) {
      const directory = `/etc/systemd/system/var-lib-chatelaine-${place}.mount.d`;
      await machine.run('mkdir', [directory]);
      await machine.write(`${directory}/stand-in.conf`, `[Mount]\nWhat=/srv/${source}\nType=none\nOptions=bind\n`);
    }
    await systemctl('daemon-reload');
    await systemctl('start', 'chatelaine.target');
    await untilAnswers(false);
    await until('the password from a volume', async () => (await fetches(471)) === password);
    const pid = await machine.property(unit('keep'), 'MainPID');
    const mounts = await machine.run('cat', [`/proc/${pid}/mountinfo`]);
    assert.match(mounts, / \/srv\/keep-temp \/tmp /);
    assert.match(mounts, / \/srv\/keep \/var\/lib\/chatelaine\/keep /);
  });

  test('asked to stop, all end well, and nothing is left in /run', async () => {
    await systemctl('stop', 'chatelaine.target', 'chatelaine-*.service');
    for (const name of [...processes, 'bus', 'courier']) {
      assert.equal(await stateOf(name), 'inactive', name);
      assert.deepEqual(
        [await machine.property(unit(name), 'Result'), await machine.property(unit(name), 'ExecMainStatus')],
        ['success', '0'],
        name,
      );
    }
    await until('nothing left', async () => (await machine.run('ls', ['/run/chatelaine'])) === '');
  });

  test('uninstalled, the units are gone, and what they kept is still there', async () => {
    assert.equal((await installUnits('--uninstall')).code, 0);
    const left = await machine.run('find', [
      '/etc/systemd/system',
      '-name',
      '*chatelaine*',
      '-not',
      '-name',
      '*.mount.d',
    ]);
    assert.equal(left, '');
    await machine.run('test', ['-e', '/var/lib/chatelaine/keep/link/admin.key']);
    assert.equal((await installUnits('--uninstall')).code, 0);
  });
});
