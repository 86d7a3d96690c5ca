// chatelaine-unlock in the place of mandos-client: with keys of mandos-keygen, from our server and from Debian's own.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { startDebianMandos } from '../support/debian-mandos.ts';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { freePort } from '../support/free-port.ts';
import { createMandosMachine, keyOptions, type MandosMachine } from '../support/mandos-machine.ts';
import { Scratch } from '../support/scratch.ts';
import { runUnlock, unlockFrom } from '../support/unlock-command.ts';

const password = 'correct horse\0battery\r\nstaple\n';
const program = path.join(import.meta.dirname, '../../bin/chatelaine-unlock');

suite('chatelaine-unlock', () => {
  const scratch = new Scratch();
  let instance: DevInstance;
  let debianPort: number;
  let machine: MandosMachine;

  before(async () => {
    machine = await createMandosMachine(scratch.directory(), 'web1', password);
    const stanza = `${machine.stanza}\nchecker = true\n`;
    instance = await startDevInstance(scratch);
    const file = path.join(scratch.directory(), 'clients.conf');
    writeFileSync(file, stanza, { mode: 0o600 });
    await instance.run(['machine', 'import', file]);
    debianPort = (await startDebianMandos(scratch, stanza)).port;
  });
  after(() => scratch[Symbol.asyncDispose]());

  test('gets the password to the last byte from our server, and from Debian’s', async () => {
    for (const port of [instance.mandosPort, debianPort]) {
      const { code, stdout, stderr } = await unlockFrom(machine.keyDir, [port]);
      assert.equal(stdout.toString(), password, stderr);
      assert.equal(code, 0);
      assert.match(stderr, /^chatelaine-unlock: asking 127\.0\.0\.1:\d+ for the disk password\n$/);
    }
  });

  test('of several servers the first that gives something is enough, wherever it stands', async () => {
    const silent = net.createServer().listen(0, '127.0.0.1');
    scratch.atEnd(() => silent.close());
    await once(silent, 'listening');
    const { port } = silent.address() as net.AddressInfo;
    const { stdout, stderr } = await unlockFrom(machine.keyDir, [port, await freePort(), debianPort]);
    assert.equal(stdout.toString(), password, stderr);
  });

  test('a machine that is cut off says what it waits for, prints nothing, and gets its password once it may', async () => {
    await instance.run(['machine', 'disable', 'web1']);
    const waiting = unlockFrom(machine.keyDir, [instance.mandosPort]);
    const refused = await unlockFrom(machine.keyDir, [instance.mandosPort], [], { patienceMs: 1_500 });
    assert.equal(refused.stdout.length, 0);
    assert.match(refused.stderr, /gives nothing now/);
    await instance.run(['machine', 'enable', 'web1']);
    assert.equal((await waiting).stdout.toString(), password);
  });

  test('a stranger’s keys get nothing from either, and are told no reason', async () => {
    const stranger = await createMandosMachine(scratch.directory(), 'web1', password);
    const asked = await unlockFrom(stranger.keyDir, [instance.mandosPort, debianPort], [], { patienceMs: 2_500 });
    assert.equal(asked.stdout.length, 0);
    assert.equal(asked.stderr.match(/gives nothing now/g)?.length, 2, asked.stderr);
  });

  test('ends as mandos-client does: 64 for usage and help, 69 for keys, 1 without a network interface', async () => {
    const keys = keyOptions(machine.keyDir);
    for (const words of [['--nothing'], ['--help'], ['-V'], ['--connect=server:1'], ['--retry=x'], ['argument']]) {
      const { code, stdout } = await runUnlock([...words, ...keys]);
      assert.deepEqual([words, code, stdout.length], [words, 64, 0]);
    }
    const garbage = path.join(scratch.directory(), 'garbage');
    writeFileSync(garbage, 'garbage');
    const port = instance.mandosPort;
    for (const wrong of [
      `--tls-privkey=${garbage}`,
      `--tls-pubkey=/nowhere`,
      `--seckey=${garbage}`,
      '--priority=NONSENSE',
    ]) {
      const { code, stdout, stderr } = await unlockFrom(machine.keyDir, [port], [wrong]);
      assert.deepEqual([wrong, code, stdout.length], [wrong, 69, 0], stderr);
    }
    const { code, stderr } = await runUnlock(['--interface=nosuch0', `--connect=127.0.0.1:${port}`, ...keys]);
    assert.equal(code, 1, stderr);
  });

  test('told to stop, it dies by the signal', async () => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      const args = ['--interface=none', `--connect=127.0.0.1:${await freePort()}`, ...keyOptions(machine.keyDir)];
      const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
      await once(child.stderr, 'data');
      child.kill(signal);
      assert.deepEqual(await once(child, 'exit'), [null, signal]);
    }
  });

  test('network hooks run before and after, by name, with Mandos’s environment', async () => {
    const directory = scratch.directory();
    const hooks = path.join(directory, 'hooks');
    mkdirSync(hooks);
    const log = path.join(directory, 'log');
    const hook = `#!/bin/sh\necho "$0 $1 $MODE $DEVICE $CONNECT $DELAY $VERBOSITY $MANDOSNETHOOKDIR" >> ${log}\nexit 3\n`;
    for (const name of ['20-b', '10-a', 'not a name', 'no-execute-bit']) {
      writeFileSync(path.join(hooks, name), hook);
      chmodSync(path.join(hooks, name), name === 'no-execute-bit' ? 0o644 : 0o755);
    }
    const more = [`--network-hook-dir=${hooks}`, '--delay=1.5'];
    const { code, stderr } = await unlockFrom(machine.keyDir, [debianPort], more);
    assert.equal(code, 0);
    assert.match(stderr, /the network hook 10-a ended with 3/);
    const told = (name: string, mode: string): string =>
      `${hooks}/${name} ${mode} ${mode}  127.0.0.1:${debianPort} 1.500000 0 ${hooks}\n`;
    assert.equal(
      readFileSync(log, 'utf8'),
      told('10-a', 'start') + told('20-b', 'start') + told('10-a', 'stop') + told('20-b', 'stop'),
    );
  });
});
