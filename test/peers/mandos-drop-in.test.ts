// Our server in the place of Debian's: started by the same command line from the same files, changed by mandos-ctl, restarted,
// and asked by mandos-client, it does what that one does; where that one loses what was changed, ours does not.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, copyFileSync, existsSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as servers from '../support/drop-in-servers.ts';
import { ctl, type DropInServer, dump, isEnabled, THEIRS } from '../support/drop-in-servers.ts';
import { freePort } from '../support/free-port.ts';
import { installedCopy } from '../support/installed-copy.ts';
import { createMandosMachine, type MandosMachine } from '../support/mandos-machine.ts';
import { stanza } from '../support/mandos-servers.ts';
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

const clientsConf = (): string =>
  `[DEFAULT]\nchecker = true\n\n${machine.stanza}\n${['alpha', 'beta', 'gamma', 'stolen', 'gone'].map((name) => stanza(name)).join('\n')}`;

const keyLineOf = (name: string): string => /^key_id = .*$/m.exec(stanza(name))?.[0] ?? '';

const changeAll = async (bus: string): Promise<void> => {
  const secret = path.join(scratch.directory(), 'secret');
  writeFileSync(secret, 'another secret');
  await ctl(bus, '--timeout', 'PT7M', '--host', 'elsewhere', '--approval-delay', 'PT45S', '--deny-by-default', 'alpha');
  await ctl(bus, '--secret', secret, '--checker', 'test -n %(host)s', '--interval', 'PT3M', 'beta');
  await ctl(bus, '--disable', 'stolen');
  await ctl(bus, '--remove', 'gone');
};

/** Debian's server, changed and stopped in order. Now and then it does not manage to save its state. */
const changedTheirs = async (configDir: string): Promise<DropInServer> => {
  for (let tries = 0; tries < 8; tries++) {
    const server = await start(THEIRS, { configDir });
    await changeAll(server.bus);
    await server.stop();
    if (existsSync(path.join(server.stateDir, 'clients.pickle'))) return server;
  }
  throw new Error('the server never saved its state');
};

before(async () => {
  assert.equal(process.geteuid?.(), 0, 'Debian’s server can be started only by root');
  const place = await installedCopy(scratch);
  await runToSuccess(path.join(place, 'scripts/create-accounts'), []);
  ours = path.join(place, 'bin/mandos');
  machine = await createMandosMachine(scratch.directory(), 'web1', password);
});
after(() => scratch[Symbol.asyncDispose]());

suite('a start from the files of Mandos', () => {
  test('serves the stock mandos-client, and ends well at SIGTERM and SIGHUP, as Debian’s does', async () => {
    const configDir = makeConfigDir(clientsConf());
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
      const both = [await start(THEIRS, { configDir }), await start(ours, { configDir })] as const;
      assert.deepEqual(await dump(both[1]), await dump(both[0]));
      for (const { port, stop } of both) {
        await fetches(port);
        assert.equal(await stop(signal), 0);
      }
    }
  });

  test('keeps what was changed, also when clients.conf changes, as Debian’s does', async () => {
    const configDir = makeConfigDir(clientsConf());
    const theirs = await changedTheirs(configDir);
    const mine = await start(ours, { configDir });
    await changeAll(mine.bus);
    await mine.stop();
    const edited = clientsConf()
      .replace('host = alpha.example.org', 'host = moved.example.org')
      .replace(stanza('gamma'), stanza('delta', { enabled: 'False', timeout: 'PT9M' }))
      .replace('[beta]', '[beta]\nextended_timeout = PT1H\nenabled = False')
      .replace(keyLineOf('beta'), `key_id = ${'b'.repeat(64)}`);
    writeFileSync(path.join(configDir, 'clients.conf'), edited);
    const [again, mineAgain] = [
      await start(THEIRS, { configDir, stateDir: theirs.stateDir }),
      await start(ours, { configDir, stateDir: mine.stateDir }),
    ];
    const now = await dump(mineAgain);
    assert.deepEqual(now, await dump(again));
    assert.deepEqual(Object.keys(now), ['alpha', 'beta', 'delta', 'stolen', 'web1']);
    assert.equal(await isEnabled(mineAgain, 'stolen'), false);
    assert.match(mineAgain.words(), /changed in clients\.conf: alpha, its host/);
    // Whatever else of the machine was changed in the file, the secret that was set meanwhile is the one that counts.
    const exporting = ['--dir', path.join(mineAgain.stateDir, 'chatelaine'), 'machine', 'export', 'beta'];
    const exported = await runToSuccess(path.join(path.dirname(ours), 'chatelaine'), exporting);
    assert.ok(exported.includes(Buffer.from('another secret').toString('base64')));
    await Promise.all([again.stop(), mineAgain.stop()]);
    const alone = { configDir, more: ['--no-restore'] };
    const [fresh, mineFresh] = [
      await start(THEIRS, { ...alone, stateDir: theirs.stateDir }),
      await start(ours, { ...alone, stateDir: mine.stateDir }),
    ];
    assert.deepEqual(await dump(mineFresh), await dump(fresh));
    assert.equal(await isEnabled(mineFresh, 'stolen'), true);
  });

  test('takes up once what Debian’s server saved', async () => {
    const configDir = makeConfigDir(clientsConf());
    const theirs = await changedTheirs(configDir);
    const stateDir = await makeStateDir();
    copyFileSync(path.join(theirs.stateDir, 'clients.pickle'), path.join(stateDir, 'clients.pickle'));
    const [again, mine] = [
      await start(THEIRS, { configDir, stateDir: theirs.stateDir }),
      await start(ours, { configDir, stateDir }),
    ];
    assert.deepEqual(await dump(mine), await dump(again));
    assert.equal(existsSync(path.join(stateDir, 'clients.pickle')), false);
    await ctl(mine.bus, '--disable', 'alpha');
    await mine.stop();
    const mineAgain = await start(ours, { configDir, stateDir });
    assert.equal(await isEnabled(mineAgain, 'alpha'), false);
    // Another server of Debian ran meanwhile, which knew nothing of that.
    await mineAgain.stop();
    copyFileSync(path.join(stateDir, 'chatelaine/clients.pickle.taken'), path.join(stateDir, 'clients.pickle'));
    assert.equal(await isEnabled(await start(ours, { configDir, stateDir }), 'alpha'), false);
  });

  test('loses nothing to kill -9, of the server alone or of every process', async () => {
    const configDir = makeConfigDir(clientsConf());
    const first = await start(ours, { configDir });
    const { stateDir } = first;
    await changeAll(first.bus);
    const before = await dump(first);
    await first.stop('SIGKILL');
    const second = await start(ours, { configDir, stateDir });
    assert.deepEqual(await dump(second), before);
    await ctl(second.bus, '--disable', machine.name);
    servers.cutPower(stateDir);
    const third = await start(ours, { configDir, stateDir });
    assert.deepEqual(Object.keys(await dump(third)), Object.keys(before));
    assert.equal(await isEnabled(third, 'stolen'), false);
    await getsNothing(third.port);
    await ctl(third.bus, '--enable', machine.name);
    await fetches(third.port);
  });

  test('a start that is broken off is done again by the next one, to the same end', async () => {
    const configDir = makeConfigDir(clientsConf());
    const first = await start(ours, { configDir });
    await changeAll(first.bus);
    await first.stop();
    const added = Array.from({ length: 40 }, (_, index) => stanza(`added${index}`)).join('');
    const edited = `${clientsConf().replace('host = alpha', 'host = moved').replace(stanza('gamma'), '')}${added}`;
    writeFileSync(path.join(configDir, 'clients.conf'), edited);
    const whole = await makeStateDir();
    const { uid, gid } = statSync(whole);
    await runToSuccess('cp', ['-a', `${first.stateDir}/.`, whole]);
    chownSync(whole, uid, gid);
    const expected = await dump(await start(ours, { configDir, stateDir: whole }));
    for (let delayMs = 300; delayMs <= 1_500; delayMs += 100) {
      const args = servers.commandLine({ configDir, more: ['--no-dbus'] }, first.stateDir, await freePort());
      const child = spawn(ours, args, { stdio: 'ignore' });
      const end = once(child, 'exit');
      await sleep(delayMs);
      child.kill('SIGKILL');
      servers.cutPower(first.stateDir);
      await end;
    }
    const last = await start(ours, { configDir, stateDir: first.stateDir });
    assert.deepEqual(await dump(last), expected);
    assert.equal(await isEnabled(last, 'stolen'), false);
  });

  test('is never begun from nothing when clients.conf, or what it said before, is gone', async () => {
    const configDir = makeConfigDir(clientsConf());
    const first = await start(ours, { configDir });
    await first.stop();
    const says = async (from: string): Promise<string> => {
      const { code, stderr } = await attempt(ours, servers.commandLine({ configDir: from }, first.stateDir, 1));
      assert.equal(code, 1);
      return stderr;
    };
    assert.match(await says('/nonexistent'), /clients\.conf is missing; the machines that are kept are left/);
    await runToSuccess('rm', [path.join(first.stateDir, 'chatelaine/configured.json')]);
    assert.match(await says(configDir), /configured\.json is missing/);
  });
});

suite('a stanza that is wrong', () => {
  test('costs only its own machine, until it is mended; Debian’s server does not start at all', async () => {
    const configDir = makeConfigDir(clientsConf());
    const first = await start(ours, { configDir });
    await ctl(first.bus, '--disable', 'stolen');
    await first.stop();
    const file = path.join(configDir, 'clients.conf');
    const wrong = clientsConf().replace(/^\[(alpha|stolen)\]/gm, '[$1]\ninterval = often');
    writeFileSync(file, wrong);
    const args = ['--configdir', configDir, '--statedir', await makeStateDir(), '--foreground', '--no-zeroconf'];
    assert.equal((await attempt(THEIRS, [...args, '--port', String(await freePort())])).code, 1);
    const second = await start(ours, { configDir, stateDir: first.stateDir });
    assert.match(second.words(), /\[alpha\] interval: is not a duration/);
    assert.equal(await isEnabled(second, 'alpha'), false);
    await fetches(second.port);
    await second.stop();
    writeFileSync(file, clientsConf());
    const third = await start(ours, { configDir, stateDir: first.stateDir });
    assert.equal(await isEnabled(third, 'alpha'), true);
    assert.equal(await isEnabled(third, 'stolen'), false);
  });

  test('stops the start where going on would be wrong, too', async () => {
    const cases: readonly (readonly [text: string, words: RegExp])[] = [
      [`[DEFAULT]\ntimeout = long\n${stanza('alpha')}`, /goes for every machine/],
      [`${stanza('alpha')}\n${stanza('alpha')}`, /cannot be told/],
      [`${stanza('alpha')}this is no option\n`, /cannot be told/],
      [`${stanza('alpha')}${stanza('beta').replace(keyLineOf('beta'), keyLineOf('alpha'))}`, /could not be cut off/],
    ];
    for (const [text, words] of cases) {
      const args = ['--configdir', makeConfigDir(text), '--statedir', await makeStateDir(), '--foreground'];
      const { code, stderr } = await attempt(ours, [...args, '--no-zeroconf', '--port', String(await freePort())]);
      assert.equal(code, 1);
      assert.match(stderr, words);
      assert.match(stderr, /clients\.conf:\d+: /);
    }
  });
});
