// How our server in the place of Debian's is started, what opens its keep, and which accounts its processes have.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chownSync, existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as servers from '../support/drop-in-servers.ts';
import { type DropInServer, THEIRS } from '../support/drop-in-servers.ts';
import { freePort } from '../support/free-port.ts';
import { installedCopy } from '../support/installed-copy.ts';
import { createMandosMachine, type MandosMachine } from '../support/mandos-machine.ts';
import { readProcessStatus } from '../support/process-status.ts';
import { runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

const REFUSED_PATIENCE_MS = 4_000;
const password = 'correct horse\0battery staple\n';

const scratch = new Scratch();
let ours = '';
let machine: MandosMachine;

const makeStateDir = (): Promise<string> => servers.makeStateDir(scratch);
const makeConfigDir = (text: string, more?: string): string => servers.makeConfigDir(scratch, text, more);
const start = (program: string, options: servers.StartOptions): Promise<DropInServer> =>
  servers.startDropIn(scratch, program, options);
const attempt = (program: string, args: readonly string[]) => servers.attemptDropIn(scratch, program, args);

const fetches = async (port: number): Promise<void> => {
  const { code, stdout, stderr } = await machine.fetch(port);
  assert.equal(code, 0, stderr);
  assert.equal(stdout.toString(), password);
};

const getsNothing = async (port: number): Promise<void> => {
  assert.equal((await machine.fetch(port, REFUSED_PATIENCE_MS)).stdout.length, 0);
};

const clientsConf = (): string => `[DEFAULT]\nchecker = true\n\n${machine.stanza}\n`;

before(async () => {
  assert.equal(process.geteuid?.(), 0, 'Debian’s server can be started only by root');
  const place = await installedCopy(scratch);
  await runToSuccess(path.join(place, 'scripts/create-accounts'), []);
  ours = path.join(place, 'bin/mandos');
  machine = await createMandosMachine(scratch.directory(), 'web1', password);
});
after(() => scratch[Symbol.asyncDispose]());

suite('the command line', () => {
  test('is read as by Debian’s server, with its exit codes', async () => {
    for (const [args, code] of [
      [['--vers'], 0],
      [['-h'], 0],
      [['--check'], 0],
      [['--de'], 2],
      [['--nonsense'], 2],
      [['word'], 2],
      [['--port'], 2],
      [['-phttp'], 2],
      [['--foreground=yes'], 2],
      [['--no-zeroconf', '--configdir', '/nonexistent'], 2],
    ] as const) {
      for (const program of [THEIRS, ours])
        assert.equal((await attempt(program, args)).code, code, `${program} ${args.join(' ')}`);
    }
    assert.match((await attempt(ours, ['--version'])).stdout.toString(), /^mandos \d+\.\d+\.\d+ /);
  });

  test('without --foreground the server goes on in the background, with a PID file, once it serves', async () => {
    const [configDir, stateDir, port] = [makeConfigDir(clientsConf()), await makeStateDir(), await freePort()];
    const args = ['--configdir', configDir, '--statedir', stateDir, '--no-dbus', '--no-zeroconf', `-p${port}`];
    const { code, stderr } = await attempt(ours, args);
    assert.equal(code, 0, stderr);
    const pid = Number(readFileSync('/run/mandos.pid', 'utf8'));
    scratch.atEnd(() => existsSync(`/proc/${pid}`) && process.kill(pid, 'SIGTERM'));
    await fetches(port);
    const second = await attempt(ours, args);
    assert.equal(second.code, 1);
    assert.match(second.stderr, /it runs already/);
    process.kill(pid, 'SIGTERM');
    for (let looks = 0; existsSync('/run/mandos.pid'); looks++) {
      assert.ok(looks < 1_000, 'it never ended');
      await sleep(20);
    }
  });
});

suite('a bus that is not there', () => {
  test('is said, and machines are served all the same', async () => {
    const [stateDir, port] = [await makeStateDir(), await freePort()];
    const child = spawn(ours, servers.commandLine({ configDir: makeConfigDir(clientsConf()) }, stateDir, port), {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/nonexistent/bus' },
    });
    scratch.atEnd(() => child.kill('SIGTERM'));
    let said = '';
    for await (const words of child.stderr) {
      said += String(words);
      if (said.includes('mandos-ctl cannot see them')) break;
    }
    await fetches(port);
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    assert.equal((await ended)[0], 0);
  });
});

suite('what opens the keep', () => {
  test('may be something else than a key file, as a section says that Debian’s server passes over', async () => {
    const configDir = makeConfigDir(clientsConf());
    const first = await start(ours, { configDir });
    await first.stop();
    appendFileSync(path.join(configDir, 'mandos.conf'), '\n[chatelaine]\nunseal_key_file = none\n');
    await (await start(THEIRS, { configDir })).stop();
    const port = await freePort();
    const args = servers.commandLine({ configDir, more: ['--no-dbus'] }, first.stateDir, port);
    const child = spawn(ours, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    scratch.atEnd(() => child.kill('SIGTERM'));
    for await (const words of child.stderr) if (String(words).includes('The keep is sealed')) break;
    await getsNothing(port);
    const directory = path.join(first.stateDir, 'chatelaine');
    const key = path.join(directory, 'unseal.key');
    await runToSuccess(path.join(path.dirname(ours), 'chatelaine'), ['--dir', directory, 'unseal', '--key-file', key]);
    await fetches(port);
  });
});

suite('who may do what', () => {
  test('every process has its account; the key that opens the keep is for root alone', async () => {
    const server = await start(ours, { configDir: makeConfigDir(clientsConf()) });
    const inside = (name: string): string => path.join(server.stateDir, 'chatelaine', name);
    for (const name of ['unseal.key', 'admin.key', 'configured.json', 'chatelaine.toml']) {
      const { uid, mode } = statSync(inside(name));
      assert.deepEqual([uid, mode & 0o777], [0, 0o600], name);
    }
    assert.equal(statSync(inside('.')).mode & 0o777, 0o710);
    for (const name of ['keep', 'watch', 'gate', 'bus']) {
      const uid = Number((await runToSuccess('getent', ['passwd', `chatelaine-${name}`])).split(':')[2]);
      const pid = Number(readFileSync(inside(`run/${name}/${name}.pid`), 'utf8'));
      for (const thread of readProcessStatus(pid).threads) assert.deepEqual(thread.uids, [uid, uid, uid, uid], name);
    }
  });

  test('started by somebody else than root, all of it stays with that account', async () => {
    const [configDir, stateDir, port] = [makeConfigDir(clientsConf()), await makeStateDir(), await freePort()];
    const uid = Number((await runToSuccess('getent', ['passwd', 'nobody'])).split(':')[2]);
    for (const owned of [stateDir, path.join(configDir, 'clients.conf')]) chownSync(owned, uid, uid);
    const args = [
      '--configdir',
      configDir,
      '--statedir',
      stateDir,
      '--foreground',
      '--no-dbus',
      '--no-zeroconf',
      `-p${port}`,
    ];
    const child = spawn('setpriv', [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', ours, ...args], {
      stdio: 'ignore',
    });
    const ended = once(child, 'exit');
    scratch.atEnd(() => child.kill('SIGTERM'));
    await fetches(port);
    assert.equal(statSync(path.join(stateDir, 'chatelaine/unseal.key')).uid, uid);
    child.kill('SIGTERM');
    assert.equal((await ended)[0], 0);
  });
});
