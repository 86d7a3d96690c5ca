import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { encodeIdentity } from './identity.ts';
import { parseStat, readProcessEntry, readProcessUid } from './process-entry.ts';
import { readSurroundings } from './surroundings.ts';
import { shell, surroundings } from './testing/scratch-runtime.ts';

const rest = '1 2 4711 34816 4711 4194304 1 0 0 0 0 0 0 0 20 0 1 0 98765 0 0';

test('a process may be called anything', () => {
  for (const name of ['bash', 'a b', ') S 1 1 1 (', '((', '))', 'x\ny', '']) {
    const entry = parseStat(`4711 (${name}) S ${rest}\n`);
    assert.deepEqual(entry, { pid: 4_711, parent: 1, session: 4_711, startTicks: 98_765n, hasEnded: false }, name);
  }
  assert.equal(parseStat(`4711 (bash) Z ${rest}`)?.hasEnded, true);
});

test('a stat that is not in form is none', () => {
  for (const text of ['', 'bash', '4711 (bash', '4711 (bash) S 1 2', '4711 bash) S'])
    assert.equal(parseStat(text), undefined);
});

test('this process and its parent are seen as the kernel shows them', () => {
  const self = readProcessEntry('self');
  assert.equal(self?.pid, process.pid);
  assert.equal(self?.parent, process.ppid);
  assert.equal(readProcessUid(process.pid), process.getuid?.());
  assert.equal(readProcessEntry(2 ** 30), undefined);
  assert.equal(readSurroundings().bootId, readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
});

test('no two sets of facts are the same bytes', () => {
  const a = encodeIdentity(surroundings(), { ...shell, pid: 1, startTicks: 23n });
  const b = encodeIdentity(surroundings(), { ...shell, pid: 12, startTicks: 3n });
  const c = encodeIdentity(surroundings({ bootId: 'a', pidNamespace: '12' }), shell);
  const d = encodeIdentity(surroundings({ bootId: 'a1', pidNamespace: '2' }), shell);
  assert.notDeepEqual(a, b);
  assert.notDeepEqual(c, d);
});
