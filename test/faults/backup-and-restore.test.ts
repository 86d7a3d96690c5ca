// From a running server to a bare machine: a backup taken in the middle of work, three of five shares, and every secret is back. A
// backup that is damaged, cut off, foreign or of another version is refused, and nothing is changed.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { runProgram, runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

const bin = path.join(import.meta.dirname, '..', '..', 'bin');
const chatelaine = path.join(bin, 'chatelaine');
const MACHINES = 60;
/** Pages that are overwritten, spread over the file. */
const LOOKS = 10;

const clientsConf = (secretOf: (index: number) => string): string =>
  Array.from({ length: MACHINES }, (_, index) =>
    [
      `[web${index}]`,
      `key_id = ${index.toString(16).padStart(64, '0')}`,
      `secret = ${Buffer.from(secretOf(index)).toString('base64')}`,
      'host = 127.0.0.1',
      'checker = true',
      'approval_delay = 0s',
      '',
    ].join('\n'),
  ).join('\n');

/** The keep of an instance alone, without its peers. */
class BareKeep {
  readonly dir: string;
  #child: ChildProcess | undefined;

  constructor(dir: string) {
    this.dir = dir;
  }

  async start(): Promise<void> {
    const args = ['--config', path.join(this.dir, 'chatelaine.toml'), '--ready-fd', '3'];
    const child = spawn(path.join(bin, 'chatelaine-keep'), args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
    this.#child = child;
    await once(child.stdio[3] as NodeJS.ReadableStream, 'data');
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  run(args: readonly string[], input?: string): Promise<string> {
    return runToSuccess(chatelaine, ['--dir', this.dir, ...args], input === undefined ? {} : { input });
  }

  async secrets(): Promise<Map<string, string>> {
    const exported = await this.run(['machine', 'export']);
    const found = new Map<string, string>();
    for (const stanza of exported.split(/^\[/m).slice(1)) {
      const name = stanza.slice(0, stanza.indexOf(']'));
      const secret = /^secret\s*=((?:\s+\S+$)+)/m.exec(stanza)?.[1]?.replaceAll(/\s/g, '') ?? '';
      found.set(name, Buffer.from(secret, 'base64').toString());
    }
    return found;
  }
}

const secretsAsImported = new Map(Array.from({ length: MACHINES }, (_, index) => [`web${index}`, `secret ${index}`]));

suite('backup and restore', () => {
  const scratch = new Scratch();
  let first: DevInstance;
  let directory: string;
  let backup: string;
  let shares: string[];

  before(async () => {
    directory = scratch.directory();
    first = await startDevInstance(scratch);
    const conf = path.join(directory, 'clients.conf');
    writeFileSync(
      conf,
      clientsConf((index) => `secret ${index}`),
      { mode: 0o600 },
    );
    await first.run(['machine', 'import', conf]);
    const out = path.join(directory, 'shares');
    await first.run(['keyslot', 'add', '--shares', '5', '--threshold', '3', '--out', out]);
    shares = readdirSync(out)
      .sort()
      .map((file) => path.join(out, file));
    backup = path.join(directory, 'backup.db');
    // While machines are changed all the time.
    const changes = Array.from({ length: 5 }, (_, index) =>
      first.run(['machine', 'set', `web${index}`, '--host', 'h']),
    );
    await Promise.all([first.run(['backup', backup]), ...changes]);
  });

  after(() => scratch[Symbol.asyncDispose]());

  test('each share is a file of its own, and only its owner reads it', () => {
    assert.equal(shares.length, 5);
    for (const file of shares) assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  test('the drill opens the backup with three shares, and with the key file; not with two, nor with a pass phrase', async () => {
    const check = (args: readonly string[], input = '') =>
      runProgram(chatelaine, ['backup', 'check', backup, '--json', ...args], { input });
    for (const args of [
      ['--share', ...shares.slice(1, 4)],
      ['--key-file', path.join(first.dir, 'unseal.key')],
    ]) {
      const checked = await check(args);
      assert.equal(checked.code, 0, checked.stderr);
      const report = JSON.parse(checked.stdout.toString());
      assert.equal(report.records.machines, MACHINES * 4);
    }
    assert.equal((await check(['--share', ...shares.slice(0, 2)])).code, 2);
    assert.equal((await check(['--share', shares[0] ?? '', shares[0] ?? '', shares[1] ?? ''])).code, 2);
    assert.equal((await check([], 'some pass phrase\n')).code, 1);
  });

  test('a bare machine gets every secret back with three shares', async () => {
    const dir = path.join(scratch.directory(), 'bare');
    const to = path.join(dir, 'keep');
    const args = ['restore', backup, '--to', to, '--yes', '--json', '--share', ...shares.slice(2)];
    const restored = JSON.parse(await runToSuccess(chatelaine, args));
    assert.deepEqual([restored.directory, restored.epoch.number, restored.replaced], [to, 1, undefined]);
    assert.deepEqual(readdirSync(to).sort(), ['anchor', 'store.db', 'store.db-lock']);
    // The rest of an instance, as the installation makes it; no key file, so that shares open it.
    const config = readFileSync(path.join(first.dir, 'chatelaine.toml'), 'utf8')
      .replaceAll(first.dir, dir)
      .replace(/^unseal_key_file.*$/m, '')
      .replace(/^anchor.*$/m, `anchor = "${path.join(to, 'anchor')}"`);
    mkdirSync(path.join(to, 'link'), { mode: 0o700 });
    for (const file of readdirSync(path.join(first.dir, 'keep', 'link'))) {
      copyFileSync(path.join(first.dir, 'keep', 'link', file), path.join(to, 'link', file));
    }
    copyFileSync(path.join(first.dir, 'admin.key'), path.join(dir, 'admin.key'));
    writeFileSync(path.join(dir, 'chatelaine.toml'), config, { mode: 0o600 });
    const keep = new BareKeep(dir);
    await keep.start();
    scratch.atEnd(() => keep.end('SIGKILL'));
    const sealed = path.join(scratch.directory(), 'sealed.db');
    await keep.run(['backup', sealed]);
    const checked = await runToSuccess(chatelaine, ['backup', 'check', sealed, '--share', ...shares.slice(2)]);
    assert.match(checked, /^complete +not known: it was made while the keep was sealed/m);
    // One at a time, by the people who have them.
    for (const share of shares.slice(0, 3)) await keep.run(['unseal', '--share', share]);
    assert.deepEqual(await keep.secrets(), secretsAsImported);
    const status = JSON.parse(await keep.run(['status', '--json']));
    assert.equal(status.epoch.number, 1);
    assert.match(await keep.run(['machine', 'list']), /expired/);
    assert.match(await keep.run(['audit', 'verify']), /intact/);
    const refused = await runProgram(chatelaine, [...args.slice(0, 2), '--to', to, '--yes', '--share', ...shares]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /has the store open/);
    assert.deepEqual(await keep.secrets(), secretsAsImported);
    await keep.end();
  });

  test('whatever is wrong with a backup, it is refused and nothing is changed', async () => {
    const to = path.join(scratch.directory(), 'keep');
    const keyFile = path.join(first.dir, 'unseal.key');
    const restore = (file: string, more: readonly string[] = []) =>
      runProgram(chatelaine, ['restore', file, '--to', to, '--yes', '--key-file', keyFile, ...more]);
    await runToSuccess(chatelaine, ['restore', backup, '--to', to, '--yes', '--key-file', keyFile]);
    const look = () => readdirSync(to).map((name) => [name, readFileSync(path.join(to, name))] as const);
    const before = look();
    const whole = readFileSync(backup);
    const file = path.join(directory, 'bad.db');
    const bad: [string, Buffer][] = [
      ['empty', Buffer.alloc(0)],
      ['foreign', Buffer.from('SQLite format 3\0 but nothing else')],
      ['half', whole.subarray(0, whole.length / 2)],
      ['one page short', whole.subarray(0, whole.length - 4_096)],
      ['one byte short', whole.subarray(0, whole.length - 1)],
    ];
    const newer = Buffer.from(whole);
    newer.writeUInt32BE(99, 60);
    bad.push(['newer', newer]);
    for (const [name, bytes] of bad) {
      writeFileSync(file, bytes);
      const refused = await restore(file);
      assert.equal(refused.code, 1, `${name}: ${refused.stderr}`);
      assert.match(refused.stderr, /no good backup|newer version/, name);
      assert.deepEqual(look(), before, name);
    }
    const wrong = await runProgram(chatelaine, ['restore', backup, '--to', to, '--yes'], { input: 'wrong phrase\n' });
    assert.equal(wrong.code, 1);
    const unsure = await runProgram(chatelaine, ['restore', backup, '--to', to, '--key-file', keyFile]);
    assert.equal(unsure.code, 2, 'nobody said yes');
    assert.deepEqual(look(), before);
    const older = await restore(backup);
    assert.equal(older.code, 1);
    assert.match(older.stderr, /older than the store that is there/);
    assert.deepEqual(look(), before);
    // What a restore replaces stays beside it.
    assert.equal((await restore(backup, ['--older'])).code, 0);
    assert.ok(existsSync(path.join(to, 'store.db.replaced-1')));
  });

  test('a page that was overwritten anywhere is found, or held nothing', async () => {
    const whole = readFileSync(backup);
    const file = path.join(directory, 'overwritten.db');
    const check = (name: string) =>
      runProgram(chatelaine, ['backup', 'check', name, '--json', '--key-file', path.join(first.dir, 'unseal.key')]);
    const report = (await check(backup)).stdout;
    let found = 0;
    const pages = Math.floor(whole.length / 4_096);
    const step = Math.ceil(pages / LOOKS);
    for (let page = 0; page < pages; page += step) {
      const bytes = Buffer.from(whole);
      for (let at = page * 4_096 + 2_600; at < page * 4_096 + 4_096; at++) bytes[at] = (bytes[at] ?? 0) ^ 0x55;
      writeFileSync(file, bytes);
      const checked = await check(file);
      if (checked.code === 0) assert.deepEqual(checked.stdout, report, `page ${page}`);
      else {
        assert.match(checked.stderr, /no good backup/, `page ${page}`);
        found++;
      }
    }
    assert.ok(found > LOOKS / 3, `${found} of ${LOOKS} pages`);
  });

  test('a record that somebody took out of a backup is missed', async () => {
    const check = (file: string) =>
      runProgram(chatelaine, ['backup', 'check', file, '--key-file', path.join(first.dir, 'unseal.key')]);
    assert.match((await check(backup)).stdout.toString(), /^complete +nothing was taken out of it$/m);
    const file = path.join(directory, 'less.db');
    copyFileSync(backup, file);
    const db = new DatabaseSync(file);
    db.exec("DELETE FROM record WHERE id = (SELECT max(id) FROM record WHERE substr(key, 1, 1) = x'03')");
    db.close();
    const checked = await check(file);
    assert.equal(checked.code, 1);
    assert.match(checked.stderr, /it holds \d+ entries, and held \d+ when it was made/);
  });

  test('an instance takes its own backup back, and a store put back by hand is still refused', async () => {
    await first.stop();
    const dir = first.dir;
    const old = readFileSync(path.join(dir, 'keep', 'store.db'));
    await runToSuccess(chatelaine, [
      '--dir',
      dir,
      'restore',
      backup,
      '--yes',
      '--older',
      '--key-file',
      path.join(dir, 'unseal.key'),
    ]);
    const keep = new BareKeep(dir);
    await keep.start();
    assert.deepEqual(await keep.secrets(), secretsAsImported);
    await keep.end();
    writeFileSync(path.join(dir, 'keep', 'store.db'), old);
    await keep.start();
    const status = await runProgram(chatelaine, ['--dir', dir, 'status', '--json']);
    assert.equal(JSON.parse(status.stdout.toString()).sealed, true);
    await keep.end();
  });

  test('a keep killed in the middle of a rotation, again and again, loses nothing', async () => {
    const dir = path.join(scratch.directory(), 'killed');
    const instance = await startDevInstance(scratch, { dir });
    const conf = path.join(directory, 'clients.conf');
    await instance.run(['machine', 'import', conf]);
    await instance.stop();
    const keep = new BareKeep(dir);
    const roots = new Set<string>();
    for (let kill = 0; kill < 12; kill++) {
      await keep.start();
      const status = JSON.parse(await keep.run(['status', '--json']));
      roots.add(status.rootKeyId);
      if (status.rotation === undefined) await keep.run(['rotate', '--no-wait']);
      await pause((kill * 7) % 60);
      await keep.end('SIGKILL');
    }
    await keep.start();
    while (JSON.parse(await keep.run(['status', '--json'])).rotation !== undefined) await pause(20);
    assert.deepEqual(await keep.secrets(), secretsAsImported);
    assert.match(await keep.run(['audit', 'verify']), /intact/);
    assert.ok(roots.size > 1);
    const copy = path.join(directory, 'after.db');
    await keep.run(['backup', copy]);
    await runToSuccess(chatelaine, ['backup', 'check', copy, '--key-file', path.join(dir, 'unseal.key')]);
    await keep.end();
  });
});
