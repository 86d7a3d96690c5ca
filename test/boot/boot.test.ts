// Machines that boot, in a virtual machine: Debian's kernel, an image made by Debian's initramfs-tools with our hook in it, and a root on
// LUKS2. Without hardware support qemu takes minutes for all of it, so that it is a long test: scripts/test --long boot.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { copyFileSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startDebianMandos } from '../support/debian-mandos.ts';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { installedCopy } from '../support/installed-copy.ts';
import { encryptImage } from '../support/luks-image.ts';
import { runProgram, runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';
import { fetchKernel, machineCache, startVirtualMachine, type VirtualMachine } from '../support/virtual-machine.ts';

const root = path.join(import.meta.dirname, '../..');
const unlock = path.join(root, 'bin/chatelaine-unlock');
const password = 'correct horse battery staple';
const marker = randomBytes(8).toString('hex');
const IMAGE_PATIENCE_MS = 300_000;
const BOOT_PATIENCE_MS = 240_000;

/** What the root file system runs: it says that it is there, and switches the machine off. */
const init = `#!/bin/sh
/bin/busybox echo "ROOT $(/bin/busybox cat /marker)"
/bin/busybox ps
/bin/busybox poweroff -f
`;

const isAsked = process.env['CHATELAINE_VIRTUAL_MACHINE'] === '1';

describe('a machine whose root is encrypted', { skip: !isAsked && 'scripts/test --long boot' }, () => {
  const scratch = new Scratch();
  after(() => scratch[Symbol.asyncDispose]());
  const directory = scratch.directory();
  const image = path.join(directory, 'image');
  let disk = '';
  let instance: DevInstance;
  /** What a person has in /etc/chatelaine/boot. */
  const boots = path.join(directory, 'boot');
  let stanza = '';

  const makeDisk = async (): Promise<string> => {
    const [files, file] = [path.join(directory, 'root'), path.join(directory, 'disk')];
    for (const name of ['bin', 'sbin', 'dev', 'proc', 'sys', 'run', 'tmp', 'etc']) {
      mkdirSync(path.join(files, name), { recursive: true });
    }
    copyFileSync(path.join(machineCache, 'busybox'), path.join(files, 'bin/busybox'));
    symlinkSync('busybox', path.join(files, 'bin/sh'));
    writeFileSync(path.join(files, 'sbin/init'), init, { mode: 0o755 });
    writeFileSync(path.join(files, 'marker'), marker);
    await runToSuccess('truncate', ['-s', '48M', file]);
    await runToSuccess('mke2fs', ['-q', '-t', 'ext4', '-d', files, file, '24M']);
    await encryptImage(file, Buffer.from(password));
    return file;
  };

  /** Boots it once, with these parameters of its kernel. */
  const boot = (append: string): VirtualMachine =>
    startVirtualMachine(scratch, {
      initramfs: image,
      disks: [disk],
      append: `root=/dev/mapper/root ro ip=dhcp ${append}`,
      hasNetwork: true,
    });
  const mountsRoot = async (machine: VirtualMachine): Promise<void> => {
    await machine.shows(new RegExp(`^ROOT ${marker}$`, 'm'), BOOT_PATIENCE_MS);
    await machine.ended(BOOT_PATIENCE_MS);
    // Nothing that got the password goes on running beside the machine.
    assert.doesNotMatch(machine.console(), /unlock-root|unlock\.cjs|plugin-runner/);
  };
  const writeOptions = (server: string): void =>
    writeFileSync(path.join(boots, 'plugin-runner.conf'), `--options-for=mandos-client:--connect=${server}\n`);
  const lastDecision = async (): Promise<string> =>
    JSON.parse(await instance.run(['machine', 'why', 'web1', '--json'])).last.decision;

  before(async () => {
    assert.equal(process.geteuid?.(), 0, 'an image is made as root');
    await fetchKernel();
    disk = await makeDisk();
    instance = await startDevInstance(scratch);
    // As docs/boot.md has it.
    mkdirSync(boots, { mode: 0o700 });
    const keygen = ['keygen', '--dir', boots, '--name', 'web1'];
    await runToSuccess(unlock, keygen);
    stanza = await runToSuccess(unlock, [...keygen, '--passfile', '-'], { input: password });
    const file = path.join(directory, 'web1.conf');
    writeFileSync(file, stanza, { mode: 0o600 });
    await instance.run(['machine', 'import', file]);
    writeOptions(`10.0.2.2:${instance.mandosPort}`);
    const copy = await installedCopy(scratch);
    for (const part of ['integrations', 'scripts/install-boot']) {
      cpSync(path.join(root, part), path.join(copy, part), { recursive: true });
    }
    const uuid = (await runToSuccess('cryptsetup', ['luksUUID', disk])).trim();
    const kernel = path.join(machineCache, 'kernel');
    await runToSuccess(path.join(import.meta.dirname, 'make-image.sh'), [kernel, copy, boots, uuid, image], {
      patienceMs: IMAGE_PATIENCE_MS,
    });
  });

  test('gets its password from Chatelaine, and boots with nobody there', async () => {
    const machine = boot('mandos=off');
    await mountsRoot(machine);
    assert.match(machine.console(), /the server is asked for the disk password; it can be typed as well/);
    assert.equal(await lastDecision(), 'released');
  });

  test('disabled, it gets nothing; the prompt is there, and works', async () => {
    await instance.run(['machine', 'disable', 'web1']);
    const machine = boot('mandos=off');
    await machine.shows(/Please unlock disk root/, BOOT_PATIENCE_MS);
    await machine.shows(/10\.0\.2\.2:\d+ gives nothing now/, BOOT_PATIENCE_MS);
    assert.equal(await lastDecision(), 'refused');
    machine.type(`${password}\n`);
    await mountsRoot(machine);
    await instance.run(['machine', 'enable', 'web1']);
  });

  test('boots from Chatelaine with Debian’s mandos-client in the same image', async () => {
    const machine = boot(`chatelaine=off mandos=connect:10.0.2.2:${instance.mandosPort}`);
    await mountsRoot(machine);
    assert.doesNotMatch(machine.console(), /chatelaine:/);
  });

  test('what the next boot would get can be asked for while it runs', async () => {
    writeOptions(`127.0.0.1:${instance.mandosPort}`);
    const program = path.join(root, 'integrations/boot/machine-password');
    const { stdout, stderr } = await runProgram(program, [], { env: { CHATELAINE_BOOT: boots }, patienceMs: 30_000 });
    assert.equal(stdout.toString(), password, stderr);
  });

  test('boots from Debian’s mandos while Chatelaine is down', async () => {
    const theirs = await startDebianMandos(scratch, stanza);
    await instance.stop();
    await mountsRoot(boot(`mandos=off chatelaine=connect:10.0.2.2:${theirs.port}`));
  });
});
