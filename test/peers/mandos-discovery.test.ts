// Machines find the server by themselves: the stock mandos-client, without --connect, in a network of its own, over link-local
// IPv6. Two network namespaces joined by one cable; in one of them a bus, Avahi and the server.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { startDevInstance } from '../support/dev-instance.ts';
import { createMandosMachine, keyOptions, type MandosMachine } from '../support/mandos-machine.ts';
import { runProgram, runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';
import { startSystemBus } from '../support/system-bus.ts';

const password = 'found without an address';
const AVAHI_POLICY = '/usr/share/dbus-1/system.d/avahi-dbus.conf';
const root = path.join(import.meta.dirname, '..', '..');

suite('discovery', () => {
  const scratch = new Scratch();
  const tag = String(process.pid);
  const [server, client] = [`chs${tag}`, `chc${tag}`];
  const [near, far] = [`cha${tag}`, `chb${tag}`];
  let machine: MandosMachine;
  let dir: string;
  let bus: string;
  const words: string[] = [];

  const ip = (...args: readonly string[]): Promise<string> => runToSuccess('ip', args);

  /** Runs a command on the server's side until the end of the test, with the test's bus in the place of the system's. */
  const startThere = (command: readonly string[]): void => {
    const socket = bus.replace('unix:path=', '');
    const script = `mkdir -p /run/dbus && mount --bind ${path.dirname(socket)} /run/dbus && ln -sf bus /run/dbus/system_bus_socket && exec "$@"`;
    const args = [
      'netns',
      'exec',
      server,
      'unshare',
      '-m',
      '--propagation',
      'private',
      'sh',
      '-c',
      script,
      'sh',
      ...command,
    ];
    const child = spawn('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => words.push(part.toString()));
    scratch.atEnd(() => child.kill('SIGTERM'));
  };

  const says = async (what: RegExp): Promise<void> => {
    for (let turn = 0; turn < 200; turn++) {
      if (what.test(words.join(''))) return;
      await pause(100);
    }
    throw new Error(`never said ${what}: ${words.join('')}`);
  };

  before(async () => {
    for (const name of [server, client]) {
      await ip('netns', 'add', name);
      scratch.atEnd(() => ip('netns', 'del', name));
    }
    await ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far);
    await ip('link', 'set', near, 'netns', server);
    await ip('link', 'set', far, 'netns', client);
    for (const [space, device] of [
      [server, near],
      [client, far],
    ] as const) {
      await ip('-n', space, 'link', 'set', 'lo', 'up');
      await ip('-n', space, 'link', 'set', device, 'up');
    }
    bus = await startSystemBus(scratch, [AVAHI_POLICY]);
    const first = await startDevInstance(scratch);
    dir = first.dir;
    machine = await createMandosMachine(scratch.directory(), 'web1', password);
    const file = path.join(scratch.directory(), 'clients.conf');
    writeFileSync(file, `${machine.stanza}\nchecker = true\ntimeout = P1D\n`, { mode: 0o600 });
    await first.run(['machine', 'import', file]);
    await first.stop();
    const settings = path.join(dir, 'chatelaine.toml');
    const text = readFileSync(settings, 'utf8').replace(/^listen = .*$/m, 'listen = ["[::]:14711"]\nannounce = true');
    assert.match(text, /announce = true/);
    writeFileSync(settings, text);
    const directory = scratch.directory();
    chmodSync(directory, 0o755);
    mkdirSync(path.join(directory, 'run'));
    const avahi = path.join(directory, 'avahi.conf');
    writeFileSync(
      avahi,
      `[server]\nhost-name=server\nallow-interfaces=${near}\nuse-ipv4=no\nuse-ipv6=yes\n[wide-area]\nenable-wide-area=no\n`,
    );
    const runDirectory = 'mkdir -p /run/avahi-daemon && mount -t tmpfs none /run/avahi-daemon && exec "$@"';
    startThere(['sh', '-c', runDirectory, 'sh', 'avahi-daemon', '--no-chroot', '--no-drop-root', '-f', avahi]);
    await says(/Server startup complete/);
  });
  after(() => scratch[Symbol.asyncDispose]());

  test('the stock mandos-client finds the server without an address and gets its password', async () => {
    startThere([path.join(root, 'bin', 'chatelaine'), 'dev', '--dir', dir]);
    await says(/Established under name 'Mandos'/);
    const fetched = await machine.find(client);
    assert.equal(fetched.stdout.toString(), password, fetched.stderr);
  });

  test('chatelaine-unlock finds it as well, and leaves its interface down if it was down before', async () => {
    const isUp = async (): Promise<boolean> => (await ip('-n', client, 'link', 'show', 'up', 'dev', far)) !== '';
    await ip('-n', client, 'link', 'set', far, 'down');
    const args = ['netns', 'exec', client, path.join(root, 'bin', 'chatelaine-unlock'), '--retry=1', '--delay=5'];
    const found = await runProgram('ip', [...args, ...keyOptions(machine.keyDir)], { patienceMs: 20_000 });
    assert.equal(found.stdout.toString(), password, found.stderr);
    assert.match(found.stderr, /looking for a server on chb\d+, for the disk password/);
    assert.equal(await isUp(), false);
    await ip('-n', client, 'link', 'set', far, 'up');
  });

  test('a second server takes another name', async () => {
    const other = await startDevInstance(scratch);
    await other.stop();
    const settings = path.join(other.dir, 'chatelaine.toml');
    const text = readFileSync(settings, 'utf8').replace(/^listen = .*$/m, 'listen = ["[::]:14712"]\nannounce = true');
    writeFileSync(settings, text);
    startThere([path.join(root, 'bin', 'chatelaine'), 'dev', '--dir', other.dir]);
    await says(/Established under name 'Mandos #2'/);
  });
});
