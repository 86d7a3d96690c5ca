// bin/ and scripts/server with small programs in the place of the real ones.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { runProgram, runToSuccess } from '../support/run-program.ts';

const root = path.join(import.meta.dirname, '..', '..');
const scratch = realpathSync(mkdtempSync(path.join(tmpdir(), 'chatelaine-launch-')));
after(() => rmSync(scratch, { recursive: true }));

/** Tells how it was started. */
const told = `
import { readFileSync } from 'node:fs';
const status = readFileSync('/proc/self/status', 'utf8');
process.stdout.write(JSON.stringify({
  arguments: process.argv.slice(2), flags: process.execArgv, environment: process.env,
  status, limits: readFileSync('/proc/self/limits', 'utf8') }));`;

/** Says that it runs, and ends when it is told to; with 3 if its file \`NAME.ends\` is there. */
const serving = `
import { appendFileSync, existsSync } from 'node:fs';
const log = process.argv[1].replace(/dist.*/, 'log');
const name = process.argv[1].replace(/.*\\/|\\.js$/g, '');
appendFileSync(log, name + ' ' + process.argv.slice(2).join(' ') + '\\n');
const end = (code, why) => { appendFileSync(log, name + ' ' + why + '\\n'); process.exit(code); };
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => end(0, signal));
setInterval(() => { if (existsSync(log + '.' + name)) end(3, 'by itself'); }, 10);`;

/** A checkout with the real launchers and the real runtime. */
const checkout = (name: string, programs: Readonly<Record<string, string>>): string => {
  const place = path.join(scratch, name);
  cpSync(path.join(root, 'bin'), path.join(place, 'bin'), { recursive: true });
  mkdirSync(path.join(place, 'scripts'));
  cpSync(path.join(root, 'scripts', 'server'), path.join(place, 'scripts', 'server'));
  mkdirSync(path.join(place, 'dist'));
  symlinkSync(path.join(root, 'runtime'), path.join(place, 'runtime'));
  writeFileSync(path.join(place, 'package.json'), '{"type":"module"}');
  for (const [program, source] of Object.entries(programs))
    writeFileSync(path.join(place, 'dist', `${program}.js`), source);
  return place;
};

const place = checkout('telling', { keep: told, gate: told, watch: told, bus: told, chatelaine: told });

describe('bin/chatelaine-keep and its like', () => {
  for (const name of ['keep', 'gate', 'watch', 'bus']) {
    test(`start the ${name} hardened from its first instruction on, with its arguments as they are`, async () => {
      const program = path.join(place, 'bin', `chatelaine-${name}`);
      const said = JSON.parse(
        await runToSuccess(program, ['--config', 'a file', ''], { env: { SSLKEYLOGFILE: 'keys' } }),
      );
      assert.deepEqual(said.arguments, ['--config', 'a file', '']);
      assert.match(said.status, /^NoNewPrivs:\s+1$/m);
      assert.match(said.status, /^Umask:\s+0077$/m);
      assert.match(said.limits, /^Max core file size\s+0\s+0\s/m);
      assert.equal(said.environment.SSLKEYLOGFILE, undefined);
      assert.equal(said.environment.MALLOC_ARENA_MAX, '1');
      assert.ok(said.flags.includes('--disable-sigusr1'));
    });
  }
});

describe('every launcher', () => {
  for (const name of ['chatelaine', 'chatelaine-keep', 'chatelaine-gate', 'chatelaine-watch', 'chatelaine-bus']) {
    test(`${name} finds its checkout from anywhere and through links`, async () => {
      const elsewhere = path.join(scratch, `links-${name}`);
      mkdirSync(elsewhere);
      symlinkSync(path.join(place, 'bin', name), path.join(elsewhere, 'direct'));
      symlinkSync('direct', path.join(elsewhere, 'link-to-link'));
      symlinkSync(path.join(place, 'bin'), path.join(elsewhere, 'bin'));
      for (const program of [`${elsewhere}/direct`, './link-to-link', `bin/${name}`, `../telling/bin/${name}`]) {
        assert.ok(await runToSuccess(program, [], { cwd: elsewhere }), program);
      }
      assert.ok(await runToSuccess('sh', [name], { cwd: path.join(place, 'bin') }));
      assert.ok(
        await runToSuccess('sh', ['-c', name], { env: { PATH: `${path.join(place, 'bin')}:${process.env['PATH']}` } }),
      );
    });

    test(`${name} says what to do in a checkout that was not set up`, async () => {
      const fresh = checkout(`fresh-${name}`, {});
      const { code, stderr } = await runProgram(path.join(fresh, 'bin', name), []);
      assert.deepEqual([code, stderr], [1, `${name}: not set up yet, run scripts/setup first\n`]);
    });
  }
});

describe("the command line's compiled code", () => {
  const cacheFor = async (env: Readonly<Record<string, string>>): Promise<string | undefined> => {
    const said = JSON.parse(await runToSuccess(path.join(place, 'bin', 'chatelaine'), [], { env }));
    return said.environment.NODE_COMPILE_CACHE;
  };
  const home = path.join(scratch, 'home');
  mkdirSync(home);

  test("is kept in one's own cache directory", async () => {
    const none = { XDG_CACHE_HOME: '', NODE_COMPILE_CACHE: '/elsewhere' };
    assert.equal(await cacheFor({ ...none, HOME: home }), `${home}/.cache/chatelaine`);
    assert.ok(existsSync(`${home}/.cache/chatelaine`));
    assert.equal(await cacheFor({ ...none, HOME: home }), `${home}/.cache/chatelaine`);
    assert.equal(await cacheFor({ HOME: '/nonexistent', XDG_CACHE_HOME: home }), `${home}/chatelaine`);
  });

  test('is never kept where somebody else may write', async () => {
    const shared = path.join(scratch, 'shared');
    mkdirSync(shared);
    chmodSync(shared, 0o1777);
    assert.equal(await cacheFor({ HOME: shared, XDG_CACHE_HOME: '' }), undefined);
    assert.equal(await cacheFor({ HOME: home, XDG_CACHE_HOME: shared }), undefined);
    assert.equal(await cacheFor({ HOME: '', XDG_CACHE_HOME: '' }), undefined);
    if (process.geteuid?.() !== 0) return;
    const foreign = path.join(scratch, 'foreign');
    mkdirSync(path.join(foreign, '.cache', 'chatelaine'), { recursive: true });
    chownSync(path.join(foreign, '.cache', 'chatelaine'), 65534, 65534);
    assert.equal(await cacheFor({ HOME: foreign, XDG_CACHE_HOME: '' }), undefined);
    chownSync(foreign, 65534, 65534);
    rmSync(path.join(foreign, '.cache'), { recursive: true });
    assert.equal(await cacheFor({ HOME: foreign, XDG_CACHE_HOME: '' }), undefined);
  });
});

describe('scripts/server', () => {
  const names = ['keep', 'watch', 'gate'] as const;
  const start = async (name: string, names: readonly string[], args: readonly string[] = []) => {
    const server = checkout(name, { keep: serving, gate: serving, watch: serving, bus: serving, chatelaine: '' });
    const child = spawn(path.join(server, 'scripts', 'server'), [...args, '--config', 'a file'], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const ended = once(child, 'exit').then(([code]) => Number(code));
    const log = path.join(server, 'log');
    const entries = (): readonly string[] => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []);
    while (entries().length < names.length) await sleep(20);
    assert.deepEqual(
      [...entries()].sort(),
      [...names].sort().map((started) => `${started} --config a file`),
    );
    const signals = (): readonly string[] => entries().filter((entry) => entry.includes('SIG'));
    return { child, ended, log, signals };
  };

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`passes ${signal} on to one after the other, the keep last, and ends when they have`, async () => {
      const { child, ended, signals } = await start(`server-${signal}`, names);
      child.kill(signal);
      assert.equal(await ended, 0);
      assert.deepEqual(signals(), [`gate ${signal}`, `watch ${signal}`, `keep ${signal}`]);
    });
  }

  test('starts the bridge to the system bus where it is asked for, and stops it first', async () => {
    const { child, ended, signals } = await start('server-bus', [...names, 'bus'], ['--bus']);
    child.kill('SIGTERM');
    assert.equal(await ended, 0);
    assert.deepEqual(signals(), ['bus SIGTERM', 'gate SIGTERM', 'watch SIGTERM', 'keep SIGTERM']);
  });

  for (const first of names) {
    test(`stops the others when the ${first} ends, and ends with its status`, async () => {
      const { ended, log, signals } = await start(`server-${first}`, names);
      writeFileSync(`${log}.${first}`, '');
      assert.equal(await ended, 3);
      const others = names.filter((name) => name !== first).toReversed();
      assert.deepEqual(
        signals(),
        others.map((name) => `${name} SIGTERM`),
      );
    });
  }

  test('as root, first makes what an instance of an earlier version lacks', async () => {
    if (process.geteuid?.() !== 0) return;
    const server = checkout('server-complete', { keep: serving, gate: serving, watch: serving, chatelaine: told });
    writeFileSync(
      path.join(server, 'dist', 'chatelaine.js'),
      `${told}\nprocess.stderr.write(process.argv.slice(2).join(' '));\nprocess.exitCode = 1;`,
    );
    const { code, stderr } = await runProgram(path.join(server, 'scripts', 'server'), ['--config', 'a file']);
    assert.deepEqual([code, stderr], [1, '--config a file init --complete']);
    assert.ok(!existsSync(path.join(server, 'log')));
  });
});
