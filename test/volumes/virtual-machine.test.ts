// Encrypted volumes opened and mounted for real, in a virtual machine with Debian's kernel. Without hardware support qemu takes
// minutes for it, so that it is a long test: scripts/test --long volumes.

import assert from 'node:assert/strict';
import { appendFileSync, copyFileSync, cpSync, createReadStream, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { installedCopy } from '../support/installed-copy.ts';
import { runProgram, runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';
import { fetchKernel, machineCache, startVirtualMachine } from '../support/virtual-machine.ts';

const root = path.join(import.meta.dirname, '../..');
const [first, second] = ['the first pass phrase', 'the second one'] as const;
const BOOT_PATIENCE_MS = 1_200_000;
/** What the keep would have written; nobody may find it in an image. */
const marker = 'a word that is on no disk in the clear';

/** The script of the machine; each step says how its command ended. */
const script = `
cd /
step() { name=$1; shift; "$@"; echo "STEP $name $?"; }
volumes() { /opt/chatelaine/bin/chatelaine volumes "$@"; }
say() { printf '%s' "$1"; }
open_with() { say "$1" | volumes open; }
shown() { volumes status >/run/shown; }
step wrong open_with wrong
step nothing-open test ! -e /dev/mapper/chatelaine-keep-data
mkdir -p /var/lib/chatelaine/keep
touch /var/lib/chatelaine/keep/in-the-way
step in-the-way open_with '${first}'
rm /var/lib/chatelaine/keep/in-the-way
step open open_with '${first}'
grep chatelaine /proc/mounts
for place in keep temp/keep temp/gate; do stat -c 'MODE %a %n' /var/lib/chatelaine/$place; done
step status shown
say '${marker}' > /var/lib/chatelaine/keep/store.db
cp /bin/true /var/lib/chatelaine/keep/program
step no-programs /var/lib/chatelaine/keep/program
step again volumes open
(cd /var/lib/chatelaine/keep; exec sleep 1000) &
sleep 1
step busy volumes close
kill $!
wait
step close volumes close
step closed test ! -e /dev/mapper/chatelaine-keep-data
step status-closed shown
step open-second open_with '${second}'
echo "KEPT $(cat /var/lib/chatelaine/keep/store.db | wc -c)"
step close-second volumes close
`;

const isAsked = process.env['CHATELAINE_VIRTUAL_MACHINE'] === '1';

describe('encrypted volumes in a virtual machine', { skip: !isAsked && 'scripts/test --long volumes' }, () => {
  const scratch = new Scratch();
  after(() => scratch[Symbol.asyncDispose]());
  const directory = scratch.directory();
  const disk = path.join(directory, 'disk.img');
  let said = '';

  const ended = (step: string): number => Number(new RegExp(`^STEP ${step} (\\d+)$`, 'm').exec(said)?.[1]);

  before(async () => {
    await fetchKernel();
    await runToSuccess(path.join(import.meta.dirname, 'vm/build-base.sh'), [machineCache], { patienceMs: 180_000 });

    const config = path.join(directory, 'chatelaine.toml');
    writeFileSync(config, 'purpose = "development"\n', { mode: 0o600 });
    const images = path.join(directory, 'images');
    const volumes = (verb: string, args: readonly string[], input: string): Promise<string> => {
      const all = ['volumes', verb, '--images', images, '--config', config, '--hash-memory', '32', ...args];
      return runToSuccess(path.join(root, 'bin/chatelaine'), all, { input, patienceMs: 180_000 });
    };
    await volumes('create', ['--size', '16M', '--temp-size', '16M'], first);
    await volumes('add-pass-phrase', [], `${first}\n${second}\n`);
    await runToSuccess('mke2fs', ['-q', '-t', 'ext4', '-d', images, disk, '192M']);

    const overlay = path.join(directory, 'overlay');
    mkdirSync(path.join(overlay, 'opt'), { recursive: true });
    cpSync(await installedCopy(scratch), path.join(overlay, 'opt/chatelaine'), {
      recursive: true,
      verbatimSymlinks: true,
    });
    writeFileSync(path.join(overlay, 'test.sh'), script);
    const initramfs = path.join(directory, 'initramfs');
    copyFileSync(path.join(machineCache, 'base.cpio'), initramfs);
    const pack = ['-c', 'cd "$1" && find . | cpio --quiet -o -H newc --owner 0:0', 'sh', overlay];
    const packed = await runProgram('sh', pack);
    assert.equal(packed.code, 0, packed.stderr);
    appendFileSync(initramfs, packed.stdout);

    const machine = startVirtualMachine(scratch, { initramfs, disks: [disk] });
    await machine.ended(BOOT_PATIENCE_MS);
    said = machine.console();
    assert.match(said, /^ENDED \d+$/m, said);
  });

  test('a wrong pass phrase opens nothing', () => {
    assert.deepEqual([ended('wrong'), ended('nothing-open')], [1, 0], said);
    assert.match(said, /The pass phrase does not open .*keep-data\.img/);
  });

  test('a volume is never mounted over something that is there', () => {
    assert.equal(ended('in-the-way'), 1, said);
    assert.match(said, /\/var\/lib\/chatelaine\/keep is not empty/);
  });

  test('the right one opens and mounts all, for their owner alone, and no program starts from them', () => {
    assert.equal(ended('open'), 0, said);
    for (const [name, place] of [
      ['keep-data', 'keep'],
      ['keep-temp', 'temp/keep'],
      ['gate-temp', 'temp/gate'],
    ]) {
      const mount = `^/dev/mapper/chatelaine-${name} /var/lib/chatelaine/${place} ext4 rw,nosuid,nodev,noexec`;
      assert.match(said, new RegExp(mount, 'm'));
      assert.match(said, new RegExp(`^MODE 700 /var/lib/chatelaine/${place}$`, 'm'));
    }
    assert.equal(ended('status'), 0);
    assert.equal(ended('no-programs'), 126);
  });

  test('opening what is open asks for no pass phrase', () => assert.equal(ended('again'), 0, said));

  test('what is in use is not closed, and closed it is gone', () => {
    assert.equal(ended('busy'), 1, said);
    assert.match(said, /cannot be unmounted/);
    assert.deepEqual([ended('close'), ended('closed'), ended('status-closed')], [0, 0, 3], said);
  });

  test('another pass phrase opens the same content', () => {
    assert.deepEqual([ended('open-second'), ended('close-second')], [0, 0], said);
    assert.match(said, new RegExp(`^KEPT ${marker.length}$`, 'm'));
  });

  test('nothing of what was written is on the disk in the clear', async () => {
    let [end, found] = ['', false];
    for await (const chunk of createReadStream(disk, { encoding: 'latin1', highWaterMark: 1_048_576 })) {
      found ||= (end + chunk).includes(marker);
      end = String(chunk).slice(-marker.length);
    }
    assert.equal(found, false);
  });
});
