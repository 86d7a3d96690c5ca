// Who can read what, and as whom each process works, when the server is started by root as in production: a real keep, a real
// watch and a real gate with their accounts, under a directory of their own.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/free-port.ts';
import { installedCopy } from '../support/installed-copy.ts';
import { readProcessStatus } from '../support/process-status.ts';
import { type Finished, runProgram, runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

const keepAccount = 'chatelaine-keep';
const gateAccount = 'chatelaine-gate';
const watchAccount = 'chatelaine-watch';
const checkAccount = 'chatelaine-check';
const group = 'chatelaine';
const READY_WITHIN_MS = 30_000;

const scratch = new Scratch();
after(() => scratch[Symbol.asyncDispose]());

const idOf = async (database: 'passwd' | 'group', name: string): Promise<number> =>
  Number((await runToSuccess('getent', [database, name])).split(':')[2]);

/** Runs a program as another account, with the groups it has. */
const runAs = (account: string, gid: number, program: string, args: readonly string[], env = {}): Promise<Finished> =>
  runProgram('setpriv', [`--reuid=${account}`, `--regid=${gid}`, '--init-groups', program, ...args], { cwd: '/', env });

/** A running process of the server. */
interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly words: () => string;
}

const start = async (program: string, config: string): Promise<Running> => {
  const child = spawn(program, ['--config', config, '--ready-fd', '3'], {
    stdio: ['ignore', 'inherit', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr?.on('data', (part: Buffer) => {
    said += part.toString();
  });
  scratch.atEnd(() => child.kill('SIGKILL'));
  const ready = child.stdio[3];
  if (ready === null || ready === undefined || child.pid === undefined)
    throw new Error(`${program} could not be started`);
  const outcome = await Promise.race([
    once(ready, 'data', { signal: AbortSignal.timeout(READY_WITHIN_MS) }).then(() => 'ready'),
    once(child, 'exit').then(([code]) => `ended with ${code}: ${said}`),
  ]);
  assert.equal(outcome, 'ready', path.basename(program));
  return { child, pid: child.pid, words: () => said };
};

/** Everything below a directory, itself included. */
const everythingIn = (place: string): readonly string[] => [
  place,
  ...(lstatSync(place).isDirectory() ? readdirSync(place).flatMap((name) => everythingIn(path.join(place, name))) : []),
];

const octal = (mode: number): string => (mode & 0o7777).toString(8).padStart(3, '0');

describe('the server as root starts it', () => {
  let place = '';
  let house = '';
  let config = '';
  let uids: Readonly<Record<'root' | 'keep' | 'gate' | 'watch' | 'bus' | 'courier', number>>;
  let gid = -1;
  /** Checkers' own. */
  let check = { uid: -1, gid: -1 };
  let keep: Running;
  let gate: Running;
  let watch: Running;
  const at = (...parts: readonly string[]): string => path.join(house, ...parts);
  const chatelaine = (...args: readonly string[]): Promise<string> =>
    runToSuccess(path.join(place, 'bin/chatelaine'), [...args, '--config', config]);

  before(async () => {
    assert.equal(process.geteuid?.(), 0, 'accounts and permissions can be tested only as root');
    place = await installedCopy(scratch);
    await runToSuccess(path.join(place, 'scripts/create-accounts'), []);
    uids = {
      root: 0,
      keep: await idOf('passwd', keepAccount),
      gate: await idOf('passwd', gateAccount),
      watch: await idOf('passwd', watchAccount),
      bus: await idOf('passwd', 'chatelaine-bus'),
      courier: await idOf('passwd', 'chatelaine-courier'),
    };
    gid = await idOf('group', group);
    check = { uid: await idOf('passwd', checkAccount), gid: await idOf('group', checkAccount) };

    house = scratch.directory();
    chmodSync(house, 0o755);
    mkdirSync(at('etc'), { mode: 0o700 });
    config = at('etc/chatelaine.toml');
    writeFileSync(at('etc/unseal.key'), randomBytes(32), { mode: 0o600 });
    const settings = `
      [keep]
      directory = "${at('lib/keep')}"
      anchor = "${at('lib/anchor/anchor')}"
      socket = "${at('run/keep/keep.sock')}"
      pid_file = "${at('run/keep/keep.pid')}"
      unseal_key_file = "${at('etc/unseal.key')}"
      [gate]
      directory = "${at('lib/gate')}"
      pid_file = "${at('run/gate/gate.pid')}"
      [gate.mandos]
      listen = ["127.0.0.1:${await freePort()}"]
      [watch]
      directory = "${at('lib/watch')}"
      pid_file = "${at('run/watch/watch.pid')}"
      [bus]
      directory = "${at('lib/bus')}"
      [courier]
      directory = "${at('lib/courier')}"
      [admin]
      link_key = "${at('etc/admin.key')}"`;
    writeFileSync(config, settings.replace(/^ +/gm, ''), { mode: 0o600 });

    // Started with a careless umask: the modes must not depend on it.
    const careless = process.umask(0);
    try {
      await chatelaine('init', '--key-file', at('etc/unseal.key'));
      keep = await start(path.join(place, 'bin/chatelaine-keep'), config);
      watch = await start(path.join(place, 'bin/chatelaine-watch'), config);
      gate = await start(path.join(place, 'bin/chatelaine-gate'), config);
    } finally {
      process.umask(careless);
    }
    await chatelaine('backup', at('etc/backup'));
  });

  test('making the accounts again changes nothing', async () => {
    const { code, stderr } = await runProgram(path.join(place, 'scripts/create-accounts'), []);
    assert.deepEqual([code, stderr], [0, '']);
    for (const account of [keepAccount, gateAccount, watchAccount, checkAccount]) {
      const entry = (await runToSuccess('getent', ['passwd', account])).trim().split(':');
      const own = account === checkAccount ? check.gid : gid;
      assert.deepEqual([entry[3], entry[5], entry[6]], [String(own), '/nonexistent', '/usr/sbin/nologin']);
    }
    assert.notEqual(check.gid, gid);
  });

  for (const name of ['keep', 'gate', 'watch'] as const) {
    test(`every thread of the ${name} works as its own account, in the one group, without any privilege`, () => {
      const { threads } = readProcessStatus({ keep, gate, watch }[name].pid);
      assert.ok(threads.length > 1);
      const uid = uids[name];
      for (const thread of threads) {
        assert.deepEqual(thread, {
          uids: [uid, uid, uid, uid],
          gids: [gid, gid, gid, gid],
          groups: [gid],
          hasNoNewPrivileges: true,
          capabilities: 0n,
          umask: '0077',
        });
      }
    });

    test(`the ${name} leaves no core dump, and nobody but root can look into its memory`, async () => {
      const { pid } = { keep, gate, watch }[name];
      const { coreLimits, memoryOwner } = readProcessStatus(pid);
      assert.deepEqual(coreLimits, ['0', '0']);
      assert.equal(memoryOwner, 0);
      const itself = { keep: keepAccount, gate: gateAccount, watch: watchAccount }[name];
      for (const file of ['mem', 'environ', 'maps']) {
        const { code, stderr } = await runAs(itself, gid, 'head', ['-c', '1', `/proc/${pid}/${file}`]);
        assert.equal(code, 1, file);
        assert.match(stderr, /Permission denied/);
      }
    });
  }

  test('only the socket is for the group, only the PID files are for everybody, all else is for its owner alone', () => {
    const passable = ['', 'lib', 'run', 'run/keep', 'run/gate', 'run/watch'];
    const special: Readonly<Record<string, string>> = {
      'run/keep/keep.sock': '660',
      'run/keep/keep.pid': '644',
      'run/gate/gate.pid': '644',
      'run/watch/watch.pid': '644',
    };
    const found = everythingIn(house).map((file) => path.relative(house, file));
    for (const file of Object.keys(special)) assert.ok(found.includes(file), `${file} is there`);
    const wrong = found.filter((file) => {
      const stat = lstatSync(at(file));
      assert.ok(stat.isFile() || stat.isDirectory() || stat.isSocket(), `${file} is nothing else`);
      if (passable.includes(file)) return octal(stat.mode) !== '755';
      if (special[file] !== undefined) return octal(stat.mode) !== special[file];
      return octal(stat.mode) !== (stat.isDirectory() ? '700' : '600');
    });
    assert.deepEqual(
      wrong.map((file) => `${file} ${octal(lstatSync(at(file)).mode)}`),
      [],
    );
  });

  test('each file belongs to the process that uses it', () => {
    const owners: readonly (readonly [string, keyof typeof uids])[] = [
      ['etc', 'root'],
      ['lib/keep', 'keep'],
      ['lib/anchor', 'keep'],
      ['run/keep', 'keep'],
      ['lib/gate', 'gate'],
      ['run/gate', 'gate'],
      ['lib/watch', 'watch'],
      ['run/watch', 'watch'],
      ['lib/bus', 'bus'],
      ['lib/courier', 'courier'],
    ];
    for (const [directory, owner] of owners) {
      for (const file of everythingIn(at(directory))) assert.equal(lstatSync(file).uid, uids[owner], file);
    }
    assert.deepEqual([lstatSync(house).uid, lstatSync(at('lib')).uid, lstatSync(at('run')).uid], [0, 0, 0]);
    assert.equal(lstatSync(at('run/keep/keep.sock')).gid, gid);
  });

  test('no process can read a file of another or of root, a checker none at all, a stranger only the PID files', async () => {
    const isReadable = async (account: string, groupId: number, file: string): Promise<boolean> =>
      (await runAs(account, groupId, 'head', ['-c', '1', file])).code === 0;
    const filesIn = (...directories: readonly string[]): readonly string[] =>
      directories.flatMap((directory) => everythingIn(at(directory))).filter((file) => lstatSync(file).isFile());
    const readableFor = async (
      account: string,
      groupId: number,
      files: readonly string[],
    ): Promise<readonly string[]> => {
      const readable: string[] = [];
      for (const file of files) if (await isReadable(account, groupId, file)) readable.push(path.relative(house, file));
      return readable;
    };
    assert.deepEqual(await readableFor(gateAccount, gid, filesIn('etc', 'lib/keep', 'lib/anchor', 'lib/watch')), []);
    assert.deepEqual(await readableFor(keepAccount, gid, filesIn('etc', 'lib/gate', 'lib/watch')), []);
    assert.deepEqual(await readableFor(watchAccount, gid, filesIn('etc', 'lib/keep', 'lib/anchor', 'lib/gate')), []);
    assert.deepEqual(await readableFor(checkAccount, check.gid, filesIn('etc', 'lib')), []);
    const strangers = await readableFor('nobody', await idOf('group', 'nogroup'), filesIn('.'));
    assert.deepEqual([...strangers].sort(), ['run/gate/gate.pid', 'run/keep/keep.pid', 'run/watch/watch.pid']);
  });

  test('the PID files name the processes', () => {
    assert.equal(readFileSync(at('run/keep/keep.pid'), 'utf8'), `${keep.pid}\n`);
    assert.equal(readFileSync(at('run/gate/gate.pid'), 'utf8'), `${gate.pid}\n`);
    assert.equal(readFileSync(at('run/watch/watch.pid'), 'utf8'), `${watch.pid}\n`);
  });

  test('a stranger or a checker cannot connect to the socket, the group can', async () => {
    const program = `require('node:net').connect(process.argv[1]).on('connect', () => { console.log('connected'); process.exit(); })
      .on('error', (error) => { console.log(error.code); process.exit(); });`;
    const connectAs = async (account: string, groupId: number): Promise<string> => {
      const node = path.join(place, 'runtime/node_modules/.bin/node');
      return (await runAs(account, groupId, node, ['-e', program, at('run/keep/keep.sock')])).stdout.toString().trim();
    };
    assert.equal(await connectAs('nobody', await idOf('group', 'nogroup')), 'EACCES');
    assert.equal(await connectAs(checkAccount, check.gid), 'EACCES');
    assert.equal(await connectAs(gateAccount, gid), 'connected');
  });

  test("the administrator's key is worth nothing in the hands of the gate's account", async () => {
    const hands = scratch.directory();
    copyFileSync(at('etc/admin.key'), path.join(hands, 'admin.key'));
    const stolen = readFileSync(config, 'utf8')
      .replace(/^link_key = .*$/m, `link_key = "${hands}/admin.key"`)
      .replace(/^unseal_key_file.*\n/m, '');
    writeFileSync(path.join(hands, 'chatelaine.toml'), stolen);
    for (const file of ['', 'admin.key', 'chatelaine.toml']) {
      chownSync(path.join(hands, file), uids.gate, gid);
      chmodSync(path.join(hands, file), file === '' ? 0o700 : 0o600);
    }
    const args = ['status', '--config', path.join(hands, 'chatelaine.toml')];
    const { code, stdout, stderr } = await runAs(gateAccount, gid, path.join(place, 'bin/chatelaine'), args, {
      HOME: '/nonexistent',
    });
    assert.equal(stdout.toString(), '');
    assert.equal(code, 3, stderr);
    assert.match(keep.words(), new RegExp(`"uid":${uids.gate},"msg":"a peer was turned away"`));
    await chatelaine('status');
  });

  test('checkers run as an account of their own, without the link, its key, or a look into the process that starts them', async () => {
    const helper = Number(readFileSync(`/proc/${watch.pid}/task/${watch.pid}/children`, 'utf8').trim());
    const { threads, coreLimits, memoryOwner } = readProcessStatus(helper);
    for (const thread of threads) {
      // The thread that starts checkers has CAP_NET_RAW to hand down, for fping.
      assert.deepEqual(
        { ...thread, capabilities: thread.capabilities & ~(1n << 13n) },
        {
          uids: [check.uid, check.uid, check.uid, check.uid],
          gids: [check.gid, check.gid, check.gid, check.gid],
          groups: [check.gid],
          hasNoNewPrivileges: true,
          capabilities: 0n,
          umask: '0077',
        },
      );
    }
    assert.deepEqual([coreLimits, memoryOwner], [['0', '0'], 0]);
    // But for its words, only the two descriptors over which the watch speaks to it lead to another process.
    const inodes = (pid: number): readonly string[] =>
      readdirSync(`/proc/${pid}/fd`)
        .filter((fd) => fd !== '2')
        .map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))
        .filter((link) => link.startsWith('socket:'));
    assert.equal(inodes(helper).length, 2);
    assert.ok(!inodes(helper).some((inode) => inodes(watch.pid).includes(inode)));

    const told = scratch.directory();
    chownSync(told, check.uid, check.gid);
    const clients = path.join(scratch.directory(), 'clients.conf');
    const checker = `id > ${told}/id; ls -l /proc/self/fd > ${told}/fds; cat /proc/self/limits > ${told}/limits; cat /proc/${helper}/mem /proc/${helper}/environ > ${told}/mem 2>&1; mv ${told}/mem ${told}/done`;
    const stanza = [
      '[one]',
      'host = x',
      `key_id = ${'1'.repeat(64)}`,
      `checker = ${checker}`,
      'interval = PT2S',
      'secret = AAAA',
    ];
    writeFileSync(clients, stanza.join('\n'), { mode: 0o600 });
    await chatelaine('machine', 'import', clients);
    while (!existsSync(`${told}/done`)) await sleep(50);
    assert.match(
      readFileSync(`${told}/id`, 'utf8'),
      new RegExp(`^uid=${check.uid}\\(.*gid=${check.gid}\\([^ ]*\\)(?: groups=${check.gid}\\([^,]*\\))?$`, 'm'),
    );
    // Its own standard ones, and the listing itself.
    assert.equal(readFileSync(`${told}/fds`, 'utf8').trim().split('\n').length, 1 + 4);
    assert.match(readFileSync(`${told}/limits`, 'utf8'), /^Max processes +8192 +8192 /m);
    assert.match(readFileSync(`${told}/done`, 'utf8'), /mem: Permission denied\n.*environ: Permission denied/);
  });

  test('a second keep does not start while the first one lives', async () => {
    const { code } = await runProgram(path.join(place, 'bin/chatelaine-keep'), ['--config', config]);
    assert.notEqual(code, 0);
    await chatelaine('status');
    assert.equal(readFileSync(at('run/keep/keep.pid'), 'utf8'), `${keep.pid}\n`);
  });

  test('asked to stop, all end well and take socket and PID files with them', async () => {
    for (const { child, words } of [gate, watch, keep]) {
      child.kill('SIGTERM');
      const [code] = await once(child, 'exit');
      assert.equal(code, 0, words());
    }
    for (const file of ['run/keep/keep.sock', 'run/keep/keep.pid', 'run/gate/gate.pid', 'run/watch/watch.pid'])
      assert.equal(existsSync(at(file)), false, file);
  });
});
