// The socket for keys of volumes, with systemd-cryptsetup as its peer. Credentials of services need systemd as process 1: they are tested in
// test/systemd/unlock-units.test.ts.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { makeLuksImage } from '../support/luks-image.ts';
import { type Finished, runProgram } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

const unlock = path.join(import.meta.dirname, '../../bin/chatelaine-unlock');
const key = Buffer.from([...Array(256).keys()]);

describe('the socket for keys', () => {
  const scratch = new Scratch();
  after(() => scratch[Symbol.asyncDispose]());
  const directory = scratch.directory();
  const place = (name: string): string => path.join(directory, name);
  const [socket, config] = [place('key.sock'), place('secrets.toml')];
  let server: ChildProcess;
  let said = '';

  const start = async (): Promise<void> => {
    server = spawn(unlock, ['key-socket', '--socket', socket, '--config', config], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    server.stderr?.on('data', (part: Buffer) => {
      said += part.toString();
    });
    scratch.atEnd(() => server.kill('SIGKILL'));
    while (!said.includes('ready'))
      await once(server.stderr ?? server, 'data', { signal: AbortSignal.timeout(10_000) });
  };
  const attach = (volume: string, options = 'luks,headless=yes,tries=1'): Promise<Finished> =>
    runProgram('timeout', ['20', '/lib/systemd/systemd-cryptsetup', 'attach', volume, place('image'), socket, options]);

  /** Connects as systemd does: from an abstract name, and only to listen. */
  const connectAs = (name: string, as: readonly string[] = []): Promise<Finished> => {
    const script = `
import socket, sys
s = socket.socket(socket.AF_UNIX); s.bind("\\0" + sys.argv[2]); s.connect(sys.argv[1]); s.shutdown(socket.SHUT_WR)
while part := s.recv(65536): sys.stdout.buffer.write(part)`;
    return runProgram('setpriv', [...as, 'python3', '-c', script, socket, name], { patienceMs: 10_000 });
  };

  before(async () => {
    assert.equal(process.geteuid?.(), 0, 'keys are given to root alone');
    writeFileSync(place('key'), key, { mode: 0o600 });
    await makeLuksImage(place('image'), key);
    writeFileSync(
      config,
      `wait_seconds = 1
[volumes]
right = ["cat", "${place('key')}"]
fails = ["sh", "-c", "printf half; exit 1"]
slow = ["sleep", "60"]
`,
    );
    await start();
  });

  test('is for root alone', () => assert.equal(statSync(socket).mode & 0o777, 0o600));

  test('gives systemd-cryptsetup the key of a volume', async () => {
    await attach('right');
    assert.match(said, /gave the key of volume right/);
  });

  test('gives every byte of it, and nothing else', async () => {
    assert.deepEqual((await connectAs('abc/cryptsetup/right')).stdout, key);
  });

  const refused = { fails: 'whose program fails', slow: 'whose program takes too long', unknown: 'that is not named' };
  for (const [volume, which] of Object.entries(refused)) {
    test(`gives nothing for a volume ${which}, so that systemd asks the person`, async () => {
      assert.equal((await connectAs(`abc/cryptsetup/${volume}`)).stdout.length, 0);
      assert.match(said, new RegExp(`no answer for the key of volume ${volume}`));
    });
  }

  test('gives more than systemd takes for a credential that is not named, so that the unit does not start', async () => {
    const { stdout } = await connectAs('abc/unit/app.service/password');
    assert.equal(stdout.length, 1_048_577);
    assert.ok(stdout.every((byte) => byte === 0));
  });

  test('turns away whoever does not call itself as systemd does', async () => {
    const client = net.connect(socket);
    client.on('error', () => undefined);
    const received: Buffer[] = [];
    client.on('data', (part: Buffer) => received.push(part));
    await once(client, 'close');
    assert.equal(Buffer.concat(received).length, 0);
    assert.match(said, /not systemd/);
  });

  test('turns away everybody but root, whatever name they take', async () => {
    chmodSync(directory, 0o755);
    chmodSync(socket, 0o666);
    const stranger = await connectAs('abc/cryptsetup/right', ['--reuid=65534', '--regid=65534', '--clear-groups']);
    const root = await connectAs('abc/cryptsetup/right');
    assert.equal(stranger.stdout.length, 0);
    assert.deepEqual(root.stdout, key);
  });

  test('a file with a mistake gives nothing away, and is said; mended, it is used at once', async () => {
    const good = `[volumes]\nright = ["cat", "${place('key')}"]\n`;
    writeFileSync(config, `${good}other = "not a list"\n`);
    await attach('right');
    assert.match(said, /volumes\.other must be a program/);
    writeFileSync(config, good);
    const before = said.match(/gave/g)?.length ?? 0;
    await attach('right');
    assert.equal(said.match(/gave/g)?.length, before + 1);
  });

  test('ends as asked, and the socket is gone', async () => {
    const exit = once(server, 'exit');
    server.kill('SIGTERM');
    assert.deepEqual((await exit)[0], 0);
    assert.equal(existsSync(socket), false);
  });

  test('does not start with a wrong file, without a socket, or with a wrong option', async () => {
    writeFileSync(config, 'nothing = 1\n');
    const codeOf = async (...args: readonly string[]): Promise<number | undefined> =>
      (await runProgram(unlock, ['key-socket', '--config', config, ...args], { patienceMs: 5_000 })).code;
    assert.equal(await codeOf('--socket', socket), 78);
    writeFileSync(config, '');
    assert.deepEqual([await codeOf(), await codeOf('--idle', 'soon'), await codeOf('--help')], [69, 64, 64]);
    assert.equal(await codeOf('--socket', socket, '--idle', '1'), 0);
  });
});
