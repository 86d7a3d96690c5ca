import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { lookUpAccount, lookUpGroup, resolveAccount } from './account.ts';

const isRoot = process.geteuid?.() === 0;

/** What a process of its own tells after it became `account`. */
const becomeInChild = (account: string, group: string, mode = 0o755) => {
  const source = `
    import { becomeAccount } from ${JSON.stringify(import.meta.resolve('./account.ts'))};
    import { readdirSync, readFileSync, statSync } from 'node:fs';
    const account = becomeAccount({ account: '${account}', group: '${group}', purpose: 'production' });
    const tasks = readdirSync('/proc/self/task').map((task) => readFileSync('/proc/self/task/' + task + '/status', 'utf8'));
    const attempt = (act) => { try { act(); return 'done'; } catch (error) { return error.code; } };
    console.log(JSON.stringify({ account, tasks, groups: process.getgroups(), back: attempt(() => process.setuid(0)),
      memoryOwner: statSync('/proc/self/mem').uid, shadow: attempt(() => readFileSync('/etc/shadow')), memory: attempt(() => readFileSync('/proc/' + process.ppid + '/environ')) }));`;
  const directory = mkdtempSync(path.join(tmpdir(), 'chatelaine-account-'));
  try {
    chmodSync(directory, mode);
    const file = path.join(directory, 'program.mjs');
    writeFileSync(file, source);
    return spawnSync(process.execPath, [file], { encoding: 'utf8' });
  } finally {
    rmSync(directory, { recursive: true });
  }
};

describe('accounts', () => {
  test('an account and a group are found by name, others are not', () => {
    assert.deepEqual(lookUpAccount('root'), { name: 'root', uid: 0, gid: 0 });
    assert.equal(lookUpGroup('root'), 0);
    for (const name of ['chatelaine-nobody-has-this', '', 'root\0', 'a'.repeat(100)]) {
      assert.equal(lookUpAccount(name), undefined);
      assert.equal(lookUpGroup(name), undefined);
    }
  });

  test('in development everything stays with the uid it was started as', () => {
    const own = resolveAccount({ account: 'chatelaine-keep', group: 'no-such-group', purpose: 'development' });
    assert.deepEqual(own, { name: 'chatelaine-keep', uid: process.geteuid?.(), gid: process.getegid?.() });
  });

  test('what is missing is named together with the command that makes it', () => {
    const missing = { account: 'chatelaine-absent', group: 'nogroup', purpose: 'production' } as const;
    assert.throws(() => resolveAccount(missing), {
      name: 'AccountError',
      message: 'there is no account chatelaine-absent; make it with: scripts/create-accounts',
    });
    assert.throws(() => resolveAccount({ ...missing, account: 'nobody', group: 'chatelaine-absent' }), {
      message: 'there is no group chatelaine-absent; make it with: scripts/create-accounts',
    });
  });

  test('in production no process works as root', () => {
    const message = /must not be root's$/;
    assert.throws(() => resolveAccount({ account: 'root', group: 'nogroup', purpose: 'production' }), { message });
    assert.throws(() => resolveAccount({ account: 'nobody', group: 'root', purpose: 'production' }), { message });
  });

  test('root gives up everything in every thread and cannot take it back; others are told how to start', () => {
    const ended = becomeInChild('nobody', 'nogroup');
    if (!isRoot) {
      assert.match(ended.stderr, /start it as root or as nobody/);
      return;
    }
    assert.equal(ended.status, 0, ended.stderr);
    const told = JSON.parse(ended.stdout);
    const { uid, gid } = lookUpAccount('nobody') ?? {};
    assert.deepEqual(told.account, { name: 'nobody', uid, gid: lookUpGroup('nogroup') });
    for (const status of told.tasks) {
      assert.match(status, new RegExp(`^Uid:\\s+${uid}\\s+${uid}\\s+${uid}\\s+${uid}$`, 'm'));
      assert.match(status, new RegExp(`^Gid:\\s+${gid}\\s+${gid}\\s+${gid}\\s+${gid}$`, 'm'));
      assert.match(status, /^CapEff:\s+0+$/m);
    }
    assert.deepEqual(told.groups, [gid]);
    // The kernel gives the memory of a process that is not dumpable to root.
    assert.equal(told.memoryOwner, 0);
    assert.deepEqual([told.back, told.shadow, told.memory], ['EPERM', 'EACCES', 'EACCES']);
  });
  test('a program that its account cannot read is named before anything else fails', () => {
    const { stderr } = becomeInChild('nobody', 'nogroup', 0o700);
    assert.match(
      stderr,
      isRoot ? /AccountError: nobody cannot read .*program\.mjs: put Chatelaine where/ : /start it as root/,
    );
  });
});
