import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { makePeerKey, PeerKeyFileError, readPeerKey, readPeerKeys, writePeerKey } from './peer-key.ts';

describe('peer keys', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'peer-key-'));
  });
  after(() => rm(directory, { recursive: true }));

  test('a key is 32 random bytes with a name, a role and perhaps a uid', () => {
    const [one, two] = [makePeerKey('gate-1', 'gate', 120), makePeerKey('gate-1', 'gate')];
    assert.equal(one.key.length, 32);
    assert.notDeepEqual(one.key, two.key);
    assert.equal(one.uid, 120);
    assert.ok(!('uid' in two));
    for (const wrong of ['', 'Gate', 'a b', 'a/b', 'é', 'x'.repeat(65)])
      assert.throws(() => makePeerKey(wrong, 'gate'), TypeError);
    for (const wrong of [-1, 0.5, 2 ** 32 - 1, Number.NaN])
      assert.throws(() => makePeerKey('a', 'gate', wrong), TypeError);
  });

  test('a written key reads back the same, is for its owner alone, and is one line', async () => {
    for (const key of [makePeerKey('one', 'gate', 0), makePeerKey('two', 'admin')]) {
      const path = join(directory, `${key.identity}.key`);
      await writePeerKey(path, key);
      assert.deepEqual({ ...(await readPeerKey(path)), key: undefined }, { ...key, key: undefined });
      assert.ok(Buffer.from(key.key).equals((await readPeerKey(path)).key));
      assert.equal((await stat(path)).mode & 0o777, 0o600);
      assert.match(await readFile(path, 'utf8'), /^\{"format":1,.*\}\n$/);
    }
  });

  test('a key that is there is never written over', async () => {
    const path = join(directory, 'kept.key');
    await writePeerKey(path, makePeerKey('kept', 'gate'));
    const before = await readFile(path);
    await assert.rejects(writePeerKey(path, makePeerKey('kept', 'gate')), { code: 'EEXIST' });
    assert.deepEqual(await readFile(path), before);
  });

  test('a file that others can use, a link, or a directory is refused', async () => {
    const path = join(directory, 'open.key');
    await writePeerKey(path, makePeerKey('open', 'gate'));
    for (const mode of [0o640, 0o604, 0o660, 0o610]) {
      await chmod(path, mode);
      await assert.rejects(
        readPeerKey(path),
        (error) => error instanceof PeerKeyFileError && error.message.includes('chmod 600'),
      );
    }
    await chmod(path, 0o400);
    await readPeerKey(path);
    await symlink(path, join(directory, 'link'));
    await assert.rejects(readPeerKey(join(directory, 'link')), { code: 'ELOOP' });
    await mkdir(join(directory, 'folder'), { mode: 0o700 });
    await assert.rejects(readPeerKey(join(directory, 'folder')), PeerKeyFileError);
    await assert.rejects(readPeerKey(join(directory, 'nothing')), { code: 'ENOENT' });
  });

  test('whatever is no peer key is refused, in words that do not show the key', async () => {
    const key = Buffer.alloc(32, 7).toString('base64');
    const right = { format: 1, identity: 'a', role: 'gate', key };
    const wrong: readonly string[] = [
      '',
      'null',
      '7',
      '[]',
      '{',
      `{"key":"${key}`,
      JSON.stringify({ ...right, format: 2 }),
      JSON.stringify({ ...right, identity: 'A' }),
      JSON.stringify({ ...right, role: 'root' }),
      JSON.stringify({ ...right, uid: '0' }),
      JSON.stringify({ ...right, uid: -1 }),
      JSON.stringify({ ...right, key: key.slice(4) }),
      JSON.stringify({ ...right, key: [...Buffer.alloc(32)] }),
      JSON.stringify({ ...right, padding: 'x'.repeat(5_000) }),
    ];
    const path = join(directory, 'wrong');
    for (const text of wrong) {
      await writeFile(path, text, { mode: 0o600 });
      await assert.rejects(readPeerKey(path), (error) => {
        assert.ok(error instanceof PeerKeyFileError, String(error));
        assert.ok(!error.message.includes(key.slice(4, 20)));
        return error.message.startsWith(path);
      });
    }
  });

  test('a directory of keys is read whole; two files for one peer are refused', async () => {
    const folder = await mkdtemp(join(directory, 'keys-'));
    await writePeerKey(join(folder, 'gate.key'), makePeerKey('gate', 'gate'));
    await writePeerKey(join(folder, 'cli.key'), makePeerKey('cli', 'admin'));
    await writeFile(join(folder, 'README'), 'not a key');
    const keys = await readPeerKeys(folder);
    assert.deepEqual([...keys.keys()].toSorted(), ['cli', 'gate']);
    await writePeerKey(join(folder, 'other.key'), makePeerKey('gate', 'admin'));
    await assert.rejects(readPeerKeys(folder), PeerKeyFileError);
  });
});
