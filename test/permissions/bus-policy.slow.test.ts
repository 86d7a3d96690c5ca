// Who may do what over the bus, with keep and bridge under their own accounts and our policy on a bus like the system's.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { installedCopy } from '../support/installed-copy.ts';
import { stanza } from '../support/mandos-servers.ts';
import { readProcessStatus } from '../support/process-status.ts';
import { type Finished, runProgram, runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';
import { startSystemBus } from '../support/system-bus.ts';

const policy = path.join(import.meta.dirname, '../../integrations/dbus/se.recompile.Mandos.conf');
const READY_WITHIN_MS = 30_000;

/** An account with the groups it is to have. */
interface Caller {
  readonly uid: string;
  readonly gid: string;
  readonly groups: string;
}

const administrator: Caller = { uid: 'nobody', gid: 'nogroup', groups: '_mandos' };
const stranger: Caller = { uid: 'nobody', gid: 'nogroup', groups: 'nogroup' };

const runAs = (
  { uid, gid, groups }: Caller,
  bus: string,
  program: string,
  args: readonly string[],
): Promise<Finished> =>
  runProgram('setpriv', [`--reuid=${uid}`, `--regid=${gid}`, `--groups=${groups}`, program, ...args], {
    cwd: '/',
    env: { DBUS_SYSTEM_BUS_ADDRESS: bus },
  });

/** Waits until something is so. */
const until = async (isSo: () => boolean): Promise<void> => {
  for (let attempt = 0; !isSo(); attempt++) {
    assert.ok(attempt < 1_000, 'it never became so');
    await sleep(20);
  }
};

describe('the system bus with our policy', () => {
  const scratch = new Scratch();
  after(() => scratch[Symbol.asyncDispose]());
  let place = '';
  let config = '';
  let bus = '';
  let bridgePid = 0;

  const start = async (name: 'keep' | 'bus', args: readonly string[] = []): Promise<number> => {
    const program = path.join(place, `bin/chatelaine-${name}`);
    const child = spawn(program, ['--config', config, '--ready-fd', '3', ...args], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    scratch.atEnd(() => child.kill('SIGKILL'));
    const ready = child.stdio[3] as NodeJS.ReadableStream;
    await once(ready, 'data', { signal: AbortSignal.timeout(READY_WITHIN_MS) });
    return child.pid ?? 0;
  };

  before(async () => {
    assert.equal(process.geteuid?.(), 0, 'accounts and permissions can be tested only as root');
    place = await installedCopy(scratch);
    await runToSuccess(path.join(place, 'scripts/create-accounts'), []);
    const house = scratch.directory();
    chmodSync(house, 0o755);
    const inside = (...parts: readonly string[]): string => path.join(house, ...parts);
    mkdirSync(inside('etc'), { mode: 0o700 });
    config = inside('etc/chatelaine.toml');
    writeFileSync(inside('etc/unseal.key'), randomBytes(32), { mode: 0o600 });
    const peerTables = ['watch', 'gate', 'courier', 'bus'].map(
      (name) => `[${name}]\ndirectory = "${inside('lib', name)}"\npid_file = "${inside('run', name, `${name}.pid`)}"\n`,
    );
    const settings = `[keep]
directory = "${inside('lib/keep')}"
anchor = "${inside('lib/anchor/anchor')}"
socket = "${inside('run/keep/keep.sock')}"
pid_file = "${inside('run/keep/keep.pid')}"
unseal_key_file = "${inside('etc/unseal.key')}"
${peerTables.join('')}[admin]
link_key = "${inside('etc/admin.key')}"
`;
    writeFileSync(config, settings, { mode: 0o600 });
    const chatelaine = (...args: readonly string[]): Promise<string> =>
      runToSuccess(path.join(place, 'bin/chatelaine'), [...args, '--config', config]);
    await chatelaine('init', '--key-file', inside('etc/unseal.key'));
    await start('keep');
    writeFileSync(inside('etc/clients.conf'), stanza('web1'), { mode: 0o600 });
    await chatelaine('machine', 'import', inside('etc/clients.conf'));
    bus = await startSystemBus(scratch, [policy]);
    bridgePid = await start('bus', ['--address', bus]);
  });

  /** Gives what a caller has heard of machines since. */
  const listen = async (caller: Caller, on: string): Promise<() => string> => {
    const { uid, gid, groups } = caller;
    // Matches as a program does that listens to signals: dbus-monitor would need to be root.
    const script = `
import dbus, sys
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib
DBusGMainLoop(set_as_default=True)
bus = dbus.SystemBus()
bus.add_signal_receiver(lambda *a, **k: print("heard", k["member"], flush=True), member_keyword="member",
                      dbus_interface="org.freedesktop.DBus.Properties")
print("listening", flush=True)
GLib.MainLoop().run()`;
    const identity = [`--reuid=${uid}`, `--regid=${gid}`, `--groups=${groups}`];
    const child = spawn('setpriv', [...identity, '/usr/bin/python3', '-c', script], {
      cwd: '/',
      env: { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: on },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    scratch.atEnd(() => child.kill('SIGKILL'));
    let text = '';
    child.stdout.on('data', (part: Buffer) => {
      text += part.toString();
    });
    await until(() => text.includes('listening'));
    return () => text;
  };

  test('the bridge works as an account of its own, without any privilege', async () => {
    const uid = Number((await runToSuccess('getent', ['passwd', 'chatelaine-bus'])).split(':')[2]);
    for (const thread of readProcessStatus(bridgePid).threads) {
      assert.deepEqual(thread.uids, [uid, uid, uid, uid]);
      assert.equal(thread.capabilities, 0n);
      assert.equal(thread.hasNoNewPrivileges, true);
    }
  });

  test('root and the group of Mandos’s administrators see the machines and change them', async () => {
    for (const caller of [{ uid: 'root', gid: 'root', groups: 'root' }, administrator]) {
      const shown = await runAs(caller, bus, 'mandos-ctl', []);
      assert.match(shown.stdout.toString(), /^web1 +Yes/m, shown.stderr);
      assert.equal((await runAs(caller, bus, 'mandos-ctl', ['--disable', 'web1'])).code, 0);
      assert.equal((await runAs(caller, bus, 'mandos-ctl', ['--enable', 'web1'])).code, 0);
    }
  });

  test('anybody else sees nothing and changes nothing', async () => {
    for (const args of [[], ['--dump-json'], ['--disable', 'web1'], ['--is-enabled', 'web1']]) {
      const { code, stdout, stderr } = await runAs(stranger, bus, 'mandos-ctl', args);
      assert.equal(code, 1);
      assert.equal(stdout.length, 0);
      assert.match(stderr, /Access denied|rejected send message/i);
    }
    assert.equal((await runAs(administrator, bus, 'mandos-ctl', ['--is-enabled', 'web1'])).code, 0);
  });

  test('anybody else hears nothing of what happens to machines', async () => {
    const theirs = await listen(stranger, bus);
    const ours = await listen(administrator, bus);
    await runAs(administrator, bus, 'mandos-ctl', ['--host', 'elsewhere', 'web1']);
    await until(() => ours().includes('heard PropertiesChanged'));
    assert.doesNotMatch(theirs(), /heard/);
  });

  test('nobody but the bridge’s account can have the name', async () => {
    for (const caller of [stranger, administrator]) {
      const request = ['org.freedesktop.DBus.RequestName', 'string:se.recompile.Mandos', 'uint32:4'];
      const target = ['--dest=org.freedesktop.DBus', '/org/freedesktop/DBus', ...request];
      const { code, stderr } = await runAs(caller, bus, 'dbus-send', [`--bus=${bus}`, '--print-reply', ...target]);
      assert.equal(code, 1);
      assert.match(stderr, /AccessDenied/);
    }
  });

  test('a policy that somebody widened lets others look, and change nothing', async () => {
    const directory = scratch.directory();
    chmodSync(directory, 0o755);
    const wide = path.join(directory, 'wide.conf');
    writeFileSync(
      wide,
      `<busconfig><policy context="default"><allow own="*"/><allow send_destination="*"/></policy></busconfig>`,
    );
    const wideBus = await startSystemBus(scratch, [wide]);
    // The PID file is held by the first one.
    process.kill(bridgePid);
    await until(() => !existsSync(`/proc/${bridgePid}`));
    await start('bus', ['--address', wideBus]);
    assert.equal((await runAs(stranger, wideBus, 'mandos-ctl', ['--is-enabled', 'web1'])).code, 0);
    for (const args of [
      ['--disable', 'web1'],
      ['--approve', 'web1'],
      ['--remove', 'web1'],
    ]) {
      const { code, stderr } = await runAs(stranger, wideBus, 'mandos-ctl', args);
      assert.equal(code, 1);
      assert.match(stderr, /Only root and the group of Mandos administrators/);
    }
    const heard = await listen(stranger, wideBus);
    assert.equal((await runAs(administrator, wideBus, 'mandos-ctl', ['--disable', 'web1'])).code, 0);
    await until(() => heard().includes('heard PropertiesChanged'));
  });
});
