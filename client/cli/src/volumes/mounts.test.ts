import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { mappingState, mountedAt } from './mounts.ts';

const sysfs = mkdtempSync(join(tmpdir(), 'chatelaine-sysfs-'));
after(() => rmSync(sysfs, { recursive: true }));

test('a mapping is open only if it is the volume with that UUID, whatever has its name', () => {
  const uuid = '1f63574b-ce9b-4fe3-adda-7e9e4d61a1b5';
  mkdirSync(join(sysfs, 'sda'));
  mkdirSync(join(sysfs, 'dm-0/dm'), { recursive: true });
  writeFileSync(join(sysfs, 'dm-0/dm/name'), 'chatelaine-keep-data\n');
  writeFileSync(join(sysfs, 'dm-0/dm/uuid'), `CRYPT-LUKS2-${uuid.replaceAll('-', '')}-chatelaine-keep-data\n`);
  assert.equal(mappingState('chatelaine-keep-data', uuid, sysfs), 'open');
  assert.equal(mappingState('chatelaine-keep-data', uuid.replace('1f', '2f'), sysfs), 'other');
  assert.equal(mappingState('chatelaine-keep-temp', uuid, sysfs), undefined);
  assert.equal(mappingState('chatelaine-keep-temp', uuid, join(sysfs, 'nothing')), undefined);
});

test('of two things mounted at one place the later one counts, also where its name has a blank', () => {
  const mounts = '/dev/sda /a\\040b ext4 rw 0 0\n/dev/sdb /c ext4 rw 0 0\n/dev/mapper/x /a\\040b ext4 rw 0 0';
  assert.equal(mountedAt('/a b', mounts), '/dev/mapper/x');
  assert.equal(mountedAt('/c', mounts), '/dev/sdb');
  assert.equal(mountedAt('/d', mounts), undefined);
});
