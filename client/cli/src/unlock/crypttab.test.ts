import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCrypttabEntry } from './crypttab.ts';

const table = '# data /dev/old\nroot\tUUID=1  none  luks,initramfs\n  data /dev/sdb1\nbroken\n';

test('a volume is found by its name, with what its line leaves out', () => {
  assert.deepEqual(findCrypttabEntry(table, 'root'), {
    ...{ volume: 'root', source: 'UUID=1', keyFile: 'none', options: 'luks,initramfs' },
  });
  assert.deepEqual(findCrypttabEntry(table, 'data'), {
    volume: 'data',
    source: '/dev/sdb1',
    keyFile: '-',
    options: '',
  });
});

test('a comment, a line without a source and another name are no volume', () => {
  for (const name of ['#', 'broken', 'dat', '', 'UUID=1'])
    assert.equal(findCrypttabEntry(table, name), undefined, name);
});
