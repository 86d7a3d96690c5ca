// Somebody between the keep and its directory, or in the directory's place: what they can do is to be no directory.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { ldap, users } from '@chatelaine/contract';
import { ldapTable } from '../../server/keep/src/modules/ldap/ldap-settings.ts';
import { codeOf } from '../../server/keep/src/otp/testing/start-with-users.ts';
import { type StartedKeep, startKeep } from '../../server/keep/src/testing/start-keep.ts';
import { freePort } from '../support/free-port.ts';
import { Scratch } from '../support/scratch.ts';
import { makeCertificates, people, startSlapd } from '../support/slapd.ts';

/** Answers whoever connects, once they have said something. */
const startAnswerer = async (
  scratch: Scratch,
  answer: (socket: net.Socket, asked: Buffer) => void,
): Promise<number> => {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', (asked) => answer(socket, asked));
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  scratch.atEnd(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return port;
};

const startKeepFor = async (authority: string, port: number): Promise<StartedKeep> => {
  const servers = [`ldap://localhost:${port}`];
  const table = { servers, ca_file: authority, user_dn: `uid={user},${people}`, timeout_seconds: 2 };
  const started = await startKeep({ modules: ['users', 'ldap'], settings: { ldap: ldapTable.parse(table) } });
  await started.unseal();
  await started.admin.call(users.add, { name: 'ada', fullName: '', groups: [] });
  await started.admin.call(ldap.set, { user: 'ada', name: 'ada', code: 'none' });
  return started;
};

const verify = async ({ admin }: StartedKeep, password: string): Promise<string> =>
  codeOf(await admin.call(ldap.verify, { user: 'ada', password: Buffer.from(password) }));

// A reference (RFC 4511 section 4.5.3) that says that it is longer than the message it is in.
const endless = Buffer.from('30050201027305', 'hex');

test('a message that its reader would read for ever keeps nothing else of the keep busy', async () => {
  await using scratch = new Scratch();
  const { authority } = await makeCertificates(scratch, 'DNS:localhost');
  const port = await startAnswerer(scratch, (socket) => socket.write(endless));
  await using keep = await startKeepFor(authority, port);
  let isOver = false;
  const asked = verify(keep, 'correct horse').finally(() => {
    isOver = true;
  });
  // It is on its way, and read by now.
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal(codeOf(await keep.admin.call(users.show, { name: 'ada' })), 'ok');
  assert.equal(isOver, false, 'the keep answers others meanwhile');
  assert.equal(await asked, 'directory-unavailable');
  assert.equal(await verify(keep, 'correct horse'), 'directory-unavailable', 'and again');
});

test('an answer without end is cut off', async () => {
  await using scratch = new Scratch();
  const { authority } = await makeCertificates(scratch, 'DNS:localhost');
  let sent = 0;
  const port = await startAnswerer(scratch, (socket) => {
    socket.write(Buffer.from('3084000fffff', 'hex'));
    const flood = (): void => {
      const part = Buffer.alloc(65_536);
      sent += part.length;
      if (!socket.destroyed) socket.write(part, () => setImmediate(flood));
    };
    flood();
  });
  await using keep = await startKeepFor(authority, port);
  const answered = await keep.admin.call(ldap.test, {});
  assert.equal(answered.kind === 'ok' && answered.value.servers[0]?.problem, 'broken-off');
  assert.ok(sent < 32 * 1_048_576, `${sent} bytes`);
});

test('what somebody puts behind the answer to StartTLS becomes no part of what is said encrypted', async () => {
  await using scratch = new Scratch();
  const slapd = await startSlapd(scratch, [{ uid: 'ada', password: 'correct horse' }]);
  // The beginning of "success" to a bind, whose text would be the server's own refusal, 14 bytes.
  const beginningFor = (id: number): Buffer => Buffer.from(`301a02010${id}61150a01000400040e`, 'hex');
  for (const id of [2, 3]) {
    const port = await startAnswerer(scratch, (client, asked) => {
      const server = net.connect(slapd.ports[0] ?? 0, '127.0.0.1');
      server.on('error', () => client.destroy());
      client.once('close', () => server.destroy());
      server.write(asked);
      server.once('data', (agreed) => {
        client.write(Buffer.concat([agreed, beginningFor(id)]));
        client.pipe(server);
        server.pipe(client);
      });
    });
    await using keep = await startKeepFor(slapd.certificates.authority, port);
    assert.notEqual(await verify(keep, 'wrong'), 'ok', `message ${id}`);
    assert.equal(await verify(keep, 'wrong'), 'wrong-credentials');
    assert.equal(await verify(keep, 'correct horse'), 'ok');
  }
});
