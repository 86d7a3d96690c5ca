// Two servers that open each other after a restart. Each keeps something for the other as for any machine; if both are down,
// a person opens one of them and it opens the other.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { freePort } from '../support/free-port.ts';
import { runProgram, runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

const root = path.join(import.meta.dirname, '..', '..');
const program = (name: string): string => path.join(root, 'bin', name);

const TURNS = 300;

/** An instance whose processes a test starts and stops one by one; it opens by itself only if the other server opens it. */
class Server {
  readonly dir: string;
  readonly mandosPort: number;
  readonly #running = new Map<string, ChildProcess>();

  constructor(dir: string, mandosPort: number) {
    this.dir = dir;
    this.mandosPort = mandosPort;
  }

  run(args: readonly string[]): Promise<string> {
    return runToSuccess(program('chatelaine'), ['--dir', this.dir, ...args]);
  }

  start(): void {
    for (const name of ['keep', 'gate']) {
      const args = ['--config', path.join(this.dir, 'chatelaine.toml')];
      this.#running.set(name, spawn(program(`chatelaine-${name}`), args, { stdio: 'ignore' }));
    }
  }

  async stop(): Promise<void> {
    for (const [name, child] of [...this.#running].reverse()) {
      this.#running.delete(name);
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
  }

  async isSealed(): Promise<boolean | undefined> {
    const { stdout } = await runProgram(program('chatelaine'), ['--dir', this.dir, 'status', '--json']);
    return stdout.length === 0 ? undefined : JSON.parse(stdout.toString()).sealed;
  }

  async opensByItself(): Promise<boolean> {
    for (let turn = 0; turn < TURNS; turn++) {
      if ((await this.isSealed()) === false) return true;
      await pause(50);
    }
    return false;
  }
}

suite('two servers', () => {
  const scratch = new Scratch();
  let zurich: Server;
  let basel: Server;

  /** From now on `server` opens with what `other` keeps for it. */
  const keepFor = async (server: Server, name: string, other: Server): Promise<void> => {
    const stanza = await server.run(['keyslot', 'add', '--peer', `127.0.0.1:${other.mandosPort}`, '--as', name]);
    const file = path.join(scratch.directory(), 'clients.conf');
    writeFileSync(file, `${stanza}checker = true\ntimeout = P1D\n`, { mode: 0o600 });
    await other.run(['machine', 'import', file]);
  };

  before(async () => {
    const start = async (): Promise<DevInstance> => startDevInstance(scratch, { mandosPort: await freePort() });
    const instances = [await start(), await start()];
    [zurich, basel] = instances.map(({ dir, mandosPort }) => new Server(dir, mandosPort)) as [Server, Server];
    await keepFor(zurich, 'zurich', basel);
    await keepFor(basel, 'basel', zurich);
    for (const instance of instances) {
      await instance.stop();
      const file = path.join(instance.dir, 'chatelaine.toml');
      writeFileSync(file, readFileSync(file, 'utf8').replace(/^unseal_key_file.*\n/m, ''));
    }
    for (const server of [zurich, basel]) scratch.atEnd(() => server.stop());
  });
  after(() => scratch[Symbol.asyncDispose]());

  test('if both are down, both stay sealed until a person opens one, and that one opens the other', async () => {
    zurich.start();
    basel.start();
    await pause(3_000);
    assert.equal(await zurich.isSealed(), true);
    assert.equal(await basel.isSealed(), true);
    await zurich.run(['unseal', '--key-file', path.join(zurich.dir, 'unseal.key')]);
    assert.ok(await basel.opensByItself());
  });

  test('each opens after a restart, and the other has it on record', async () => {
    await zurich.stop();
    zurich.start();
    assert.ok(await zurich.opensByItself());
    assert.match(await basel.run(['machine', 'why', 'zurich']), /zurich got its secret/);
    assert.match(await zurich.run(['audit', 'list']), /system\.unseal/);
  });

  test('one that was cut off stays sealed', async () => {
    await basel.run(['machine', 'disable', 'zurich']);
    await zurich.stop();
    zurich.start();
    await pause(5_000);
    assert.equal(await zurich.isSealed(), true);
    await basel.run(['machine', 'enable', 'zurich']);
    assert.ok(await zurich.opensByItself(), 'it asks again by itself');
  });
});
