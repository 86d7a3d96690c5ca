import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { ok } from '@chatelaine/contract';
import { connectUnix } from './connect-unix.ts';
import { LinkClient } from './link-client.ts';
import { LinkServer } from './link-server.ts';
import { listenUnix } from './listen-unix.ts';
import { makePeerKey } from './peer-key.ts';
import { ScriptedHandler } from './scripted-handler.ts';

const directory = mkdtempSync(join(tmpdir(), 'listen-unix-'));
const path = join(directory, 'link.sock');
const key = makePeerKey('gate', 'gate', process.getuid?.() ?? 0);

const makeServer = (): LinkServer => new LinkServer({ keyOf: () => key, handler: new ScriptedHandler() });

after(() => rmSync(directory, { recursive: true }));

describe('listening on a UNIX socket', () => {
  test('the socket has its mode and group, and leaves with its server', async () => {
    const server = makeServer();
    const gid = process.getgid?.() ?? 0;
    await listenUnix({ path, mode: 0o660, gid, server });
    const found = statSync(path);
    assert.ok(found.isSocket());
    assert.equal(found.mode & 0o777, 0o660);
    assert.equal(found.gid, gid);
    await server.close({ drainMs: 0 });
    assert.ok(!existsSync(path));
  });

  test('the umask of the process is as before', async () => {
    const before = process.umask();
    const server = makeServer();
    await listenUnix({ path, mode: 0o600, server });
    assert.equal(process.umask(), before);
    await server.close({ drainMs: 0 });
  });

  test('a socket that nobody answers on is replaced', async () => {
    const leave = `const s = require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    assert.throws(() => execFileSync(process.execPath, ['-e', leave], { stdio: 'ignore' }));
    assert.ok(statSync(path).isSocket());
    const server = makeServer();
    await listenUnix({ path, mode: 0o600, server });
    const client = new LinkClient({ connect: () => connectUnix(path), key });
    assert.deepEqual(await client.call('echo', 1), ok(1));
    await client.close();
    await server.close({ drainMs: 0 });
  });

  test('a socket that somebody answers on stays, and so does what is no socket', async () => {
    const other = createServer((socket) => socket.end()).listen(path);
    await once(other, 'listening');
    await assert.rejects(listenUnix({ path, mode: 0o600, server: makeServer() }), /answers/);
    (await connectUnix(path)).destroy();
    other.close();
    await once(other, 'close');
    writeFileSync(path, 'precious');
    await assert.rejects(listenUnix({ path, mode: 0o600, server: makeServer() }), /not a socket/);
    assert.equal(statSync(path).size, 8);
    rmSync(path);
  });

  test('a directory that does not exist is told by the system', async () => {
    const nowhere = join(directory, 'nowhere', 'link.sock');
    await assert.rejects(listenUnix({ path: nowhere, mode: 0o600, server: makeServer() }), { code: /EACCES|ENOENT/ });
    await assert.rejects(connectUnix(nowhere), { code: 'ENOENT' });
  });

  test('the answerer learns the uid of the asker', async () => {
    const handler = new ScriptedHandler();
    handler.onCall('uid', (_request, peer) => ok(peer.uid));
    const server = new LinkServer({ keyOf: () => key, handler });
    await listenUnix({ path, mode: 0o600, server });
    const client = new LinkClient({ connect: () => connectUnix(path), key });
    assert.deepEqual(await client.call('uid', {}), ok(process.getuid?.()));
    await client.close();
    await server.close({ drainMs: 0 });
  });
});
