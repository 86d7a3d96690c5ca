import assert from 'node:assert/strict';
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { resolveAccount } from './account.ts';
import { preparedPrivateDirectory, preparedRuntimeDirectory } from './runtime-directory.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'chatelaine-run-'));
after(() => rmSync(scratch, { recursive: true }));

const isRoot = process.geteuid?.() === 0;
const self = resolveAccount({ account: 'self', group: 'self', purpose: 'development' });
/** Root makes directories for another account, everybody else for themselves. */
const owner = isRoot ? { name: 'nobody', uid: 65534, gid: 65534 } : self;

const modeOf = (file: string): string => (statSync(file).mode & 0o7777).toString(8);

const withUmask = (umask: number, act: () => void): void => {
  const before = process.umask(umask);
  try {
    act();
  } finally {
    process.umask(before);
  }
};

describe('the directories of a process', () => {
  test('belong to the account with exactly their mode, their parents may be passed through, whatever the umask', () => {
    for (const umask of [0, 0o022, 0o077]) {
      withUmask(umask, () => {
        const root = path.join(scratch, `umask-${umask}`);
        const runtime = preparedRuntimeDirectory(path.join(root, 'run/keep'), owner);
        const data = preparedPrivateDirectory(path.join(root, 'lib/keep'), owner);
        assert.deepEqual([modeOf(runtime), modeOf(data), modeOf(path.dirname(runtime))], ['755', '700', '755']);
        assert.deepEqual([statSync(runtime).uid, statSync(data).gid], [owner.uid, owner.gid]);
        assert.equal(statSync(path.dirname(runtime)).uid, self.uid);
      });
    }
  });

  test('one that is there is corrected and keeps what is in it', () => {
    const directory = path.join(scratch, 'there');
    mkdirSync(directory, { mode: 0o777 });
    writeFileSync(path.join(directory, 'file'), 'x');
    preparedPrivateDirectory(directory, owner);
    preparedPrivateDirectory(directory, owner);
    assert.equal(modeOf(directory), '700');
    assert.equal(statSync(directory).uid, owner.uid);
    assert.ok(existsSync(path.join(directory, 'file')));
  });

  test('a symbolic link is refused, and what it points to is left alone', () => {
    const target = path.join(scratch, 'target');
    mkdirSync(target, { mode: 0o750 });
    symlinkSync(target, path.join(scratch, 'link'));
    assert.throws(() => preparedRuntimeDirectory(path.join(scratch, 'link'), owner), { code: /ENOTDIR|ELOOP/ });
    assert.deepEqual([modeOf(target), statSync(target).uid], ['750', self.uid]);
  });

  test("a file in its place, a relative path and another account's directory are refused", () => {
    writeFileSync(path.join(scratch, 'file'), '');
    assert.throws(() => preparedRuntimeDirectory(path.join(scratch, 'file'), owner), { code: 'ENOTDIR' });
    assert.throws(() => preparedRuntimeDirectory('run/keep', owner), TypeError);
    if (!isRoot) return;
    mkdirSync(path.join(scratch, 'foreign'));
    chownSync(path.join(scratch, 'foreign'), 1, 1);
    assert.throws(() => preparedRuntimeDirectory(path.join(scratch, 'foreign'), owner), /belongs to another account/);
  });
});
