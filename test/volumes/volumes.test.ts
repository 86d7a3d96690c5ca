// Encrypted volumes on plain files, with the stock cryptsetup as the judge. Opening them takes a device-mapper, which a machine
// that tests may not have: that is in virtual-machine.test.ts.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Finished, runProgram, runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

const program = path.join(import.meta.dirname, '../../bin/chatelaine');
const names = ['keep-data', 'keep-temp', 'gate-temp'] as const;
const [first, second] = ['the first pass phrase', 'einzweidreivierfünf'] as const;
const quick = ['--hash-memory', '32'];

describe('encrypted volumes', () => {
  const scratch = new Scratch();
  after(() => scratch[Symbol.asyncDispose]());
  const directory = scratch.directory();
  const config = path.join(directory, 'chatelaine.toml');
  const images = path.join(directory, 'images');
  const imageOf = (name: string): string => path.join(images, `${name}.img`);

  const volumes = (verb: string, args: readonly string[] = [], input = ''): Promise<Finished> =>
    runProgram(program, ['volumes', verb, '--images', images, '--config', config, ...args], { input });
  const volumesDone = async (verb: string, args: readonly string[] = [], input = ''): Promise<string> => {
    const { code, stdout, stderr } = await volumes(verb, args, input);
    assert.equal(code, 0, stderr);
    return stdout.toString();
  };
  /** Whether the stock program opens it. */
  const isOpenedBy = async (name: string, input: string): Promise<boolean> => {
    const args = ['open', '--test-passphrase', '--key-file', '-', imageOf(name)];
    const { code, stderr } = await runProgram('cryptsetup', args, { input });
    assert.ok(code === 0 || code === 2, stderr);
    return code === 0;
  };
  const slots = async (): Promise<readonly (readonly number[])[]> =>
    JSON.parse((await volumes('status', ['--json'])).stdout.toString()).map(
      (volume: { slots: number[] }) => volume.slots,
    );

  before(async () => {
    writeFileSync(config, `purpose = "development"\n[keep]\ndirectory = "${directory}/lib/keep"\n`, { mode: 0o600 });
    await volumesDone('create', ['--size', '20M', '--temp-size', '16M', ...quick], `${first}\n`);
  });

  test('are LUKS2 with argon2id, for their owner alone, and open with the pass phrase as it was typed', async () => {
    for (const name of names) {
      assert.equal(statSync(imageOf(name)).mode & 0o777, 0o600);
      const dump = await runToSuccess('cryptsetup', ['luksDump', imageOf(name)]);
      assert.match(dump, /^Version: +\t2$/m);
      assert.match(dump, new RegExp(`^Label: +\tchatelaine-${name}$`, 'm'));
      assert.match(dump, /cipher: aes-xts-plain64/);
      assert.match(dump, /PBKDF: +argon2id/);
      assert.equal(await isOpenedBy(name, first), true);
      assert.equal(await isOpenedBy(name, `${first}\n`), false);
    }
    assert.deepEqual(readdirSync(images).toSorted(), names.map((name) => `${name}.img`).toSorted());
  });

  test('hold an empty file system of the promised size, of which no byte is readable in the image', async () => {
    const image = imageOf('keep-data');
    const magic = (file: string): number => {
      const bytes = Buffer.alloc(2);
      const descriptor = openSync(file, 'r');
      readSync(descriptor, bytes, 0, 2, 16 * 1_048_576 + 1_080);
      closeSync(descriptor);
      return bytes.readUInt16LE();
    };
    assert.notEqual(magic(image), 0xef53, 'the mark of ext4, where it would be without encryption');
    const plain = path.join(directory, 'plain.img');
    const header = path.join(directory, 'header');
    await runToSuccess('cp', [image, plain]);
    const decrypt = ['reencrypt', '--decrypt', '--batch-mode', '--header', header, '--force-offline-reencrypt'];
    await runToSuccess('cryptsetup', [...decrypt, '--key-file', '-', plain], { input: first });
    await runToSuccess('e2fsck', ['-f', '-n', plain]);
    const shown = await runToSuccess('dumpe2fs', ['-h', plain]);
    assert.match(shown, new RegExp(`^Block count: +${(20 * 1_048_576) / 4_096}$`, 'm'));
    const owner = await runToSuccess('debugfs', ['-R', 'stat <2>', plain]);
    assert.match(owner, new RegExp(`User: +${process.getuid?.()} `));
  });

  test('that are there are never touched', async () => {
    const before = statSync(imageOf('keep-data')).mtimeMs;
    const { code, stderr } = await volumes('create', quick, 'another');
    assert.equal(code, 1);
    assert.match(stderr, /All volumes are there; nothing was changed/);
    assert.equal(statSync(imageOf('keep-data')).mtimeMs, before);
  });

  test('are shown with their state, as closed while they are', async () => {
    const { code, stdout } = await volumes('status', ['--json']);
    assert.equal(code, 3);
    const shown = JSON.parse(stdout.toString());
    assert.deepEqual(
      shown.map(({ name, state, mountPoint }: Record<string, string>) => [name, state, mountPoint]),
      [
        ['keep-data', 'closed', `${directory}/lib/keep`],
        ['keep-temp', 'closed', `${directory}/lib/temp/keep`],
        ['gate-temp', 'closed', `${directory}/lib/temp/gate`],
      ],
    );
    assert.match((await volumes('status')).stdout.toString(), /^keep-data +closed +55 MB +0 /m);
  });

  test('take another pass phrase, which then opens them too, and the same one only once', async () => {
    await volumesDone('add-pass-phrase', quick, `${first}\n${second}\n`);
    for (const name of names) for (const one of [first, second]) assert.equal(await isOpenedBy(name, one), true);
    await volumesDone('add-pass-phrase', quick, `${second}\n${second}`);
    assert.deepEqual(await slots(), [
      [0, 1],
      [0, 1],
      [0, 1],
    ]);
  });

  test('take nothing from somebody who cannot open them', async () => {
    const { code, stderr } = await volumes('add-pass-phrase', quick, 'wrong\nanother one\n');
    assert.equal(code, 1);
    assert.match(stderr, /The pass phrase does not open .*keep-data\.img/);
    assert.deepEqual(await slots(), [
      [0, 1],
      [0, 1],
      [0, 1],
    ]);
  });

  test('take eight pass phrases and no more', async () => {
    const one = [...quick, '--volume', 'gate-temp'];
    for (let number = 3; number <= 8; number++) {
      await volumesDone('add-pass-phrase', one, `${first}\nnumber ${number}\n`);
    }
    const { code, stderr } = await volumes('add-pass-phrase', one, `${first}\nnumber 9\n`);
    assert.equal(code, 1);
    assert.match(stderr, /has 8 pass phrases already/);
    assert.equal(await isOpenedBy('gate-temp', 'number 8'), true);
    assert.equal(await isOpenedBy('gate-temp', 'number 9'), false);
  });

  test('open no more with a pass phrase that was removed, or with a slot whose pass phrase is lost', async () => {
    await volumesDone('remove-pass-phrase', [], second);
    for (const name of names) assert.equal(await isOpenedBy(name, second), false);
    const slot = ['--slot', '2', '--volume', 'gate-temp'];
    assert.equal((await volumes('remove-pass-phrase', slot, 'wrong')).code, 1);
    assert.equal(
      (await volumes('remove-pass-phrase', slot, 'number 3')).code,
      1,
      'its own does not count as one that stays',
    );
    await volumesDone('remove-pass-phrase', slot, first);
    assert.equal(await isOpenedBy('gate-temp', 'number 3'), false);
    assert.equal((await volumes('remove-pass-phrase', [], 'no such one')).code, 1);
  });

  test('keep the last pass phrase', async () => {
    const { code, stderr } = await volumes('remove-pass-phrase', ['--volume', 'keep-data'], first);
    assert.equal(code, 1);
    assert.match(stderr, /the only pass phrase/);
    assert.equal(await isOpenedBy('keep-data', first), true);
  });

  test('are not made with a wrong size or pass phrase, and nothing is left of an attempt', async () => {
    const elsewhere = path.join(directory, 'elsewhere');
    const attempt = async (args: readonly string[], input: string): Promise<string> => {
      const all = ['volumes', 'create', '--images', elsewhere, '--config', config, ...quick, ...args];
      const { code, stderr } = await runProgram(program, all, { input });
      assert.equal(code, 2, stderr);
      return stderr;
    };
    assert.match(await attempt(['--size', 'big'], first), /--size is not a size/);
    assert.match(await attempt([], ''), /pass phrase is empty/);
    assert.match(await attempt([], 'one\ntwo'), /more than one line/);
    assert.match(await attempt([], 'x'.repeat(513)), /longer than 512/);
    assert.deepEqual(existsSync(elsewhere) ? readdirSync(elsewhere) : [], []);
  });

  test('have their names only when they are complete, whenever the command is killed', async () => {
    const place = path.join(directory, 'killed');
    const args = [
      'volumes',
      'create',
      '--images',
      place,
      '--config',
      config,
      '--size',
      '64M',
      '--temp-size',
      '16M',
      ...quick,
    ];
    for (let waitMs = 100; waitMs <= 900; waitMs += 400) {
      const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'ignore'] });
      child.stdin.end(first);
      const ended = once(child, 'exit');
      await sleep(waitMs);
      child.kill('SIGKILL');
      await ended;
      // What it had started may still be at it.
      await sleep(500);
      for (const file of existsSync(place) ? readdirSync(place).filter((name) => name.endsWith('.img')) : []) {
        const open = ['open', '--test-passphrase', '--key-file', '-', path.join(place, file)];
        await runToSuccess('cryptsetup', open, { input: first });
      }
    }
    await runProgram(program, args, { input: first });
    assert.deepEqual(readdirSync(place).toSorted(), names.map((name) => `${name}.img`).toSorted());
  });
});
