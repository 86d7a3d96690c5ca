// Where no directory in memory is found, a session is kept on the disk, says so, and still belongs to its shell.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { SecretBytes } from '@chatelaine/secret';
import { encodeIdentity } from './identity.ts';
import { SafeDirectory } from './safe-directory.ts';
import { shell, surroundings } from './testing/scratch-runtime.ts';
import { beginToken, finishToken, openToken } from './token.ts';
import { deriveTokenKey } from './token-key.ts';

test('a token of kind 2 is bound to its shell without a runtime secret', () => {
  const token = beginToken(2, (target) => target.fill(7));
  const nothing = new Uint8Array(0);
  using shellKey = SecretBytes.random(32);
  using here = deriveTokenKey(token, encodeIdentity(surroundings(), shell), nothing);
  using elsewhere = deriveTokenKey(token, encodeIdentity(surroundings(), { ...shell, startTicks: 1n }), nothing);
  finishToken(token, here, shellKey);
  using opened = openToken(token, here);
  assert.deepEqual(opened?.bytes, shellKey.bytes);
  assert.equal(openToken(token, elsewhere), undefined);
});

test('a file system in memory is told from a disk', () => {
  const disk = mkdtempSync(join(tmpdir(), 'chatelaine-session-'));
  const isTmpfs = / \/tmp tmpfs /.test(readFileSync('/proc/mounts', 'utf8'));
  try {
    using onDisk = SafeDirectory.open(disk, process.geteuid?.() ?? 0, 'private');
    using inMemory = SafeDirectory.open('/dev/shm', 0, 'sticky');
    assert.equal(onDisk?.isInMemory, isTmpfs);
    assert.equal(inMemory?.isInMemory, true);
  } finally {
    rmSync(disk, { recursive: true });
  }
});
