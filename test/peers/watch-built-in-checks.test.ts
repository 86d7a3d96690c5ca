// The built-in checks beside real servers, and beside servers that pretend: only the holder of the key is alive.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { freePort } from '../support/free-port.ts';
import { Scratch } from '../support/scratch.ts';
import {
  makeHostKey,
  spoiledSignature,
  startProxy,
  startReplay,
  startSshServer,
  startTalker,
} from '../support/ssh-server.ts';
import { startTlsServer } from '../support/tls-server.ts';

const scratch = new Scratch();
after(() => scratch[Symbol.asyncDispose]());

const NO_CHECK_YET = -2;
const PATIENCE_MS = 120_000;

interface Expected {
  readonly checker: string;
  readonly host?: string;
  readonly status: number;
}

const stanza = (name: string, { checker, host = '127.0.0.1' }: Expected): string =>
  [
    `[${name}]`,
    `host = ${host}`,
    `key_id = ${randomBytes(32).toString('hex')}`,
    `checker = ${checker}`,
    'interval = PT2S',
    'timeout = PT1H',
    'secret = aGVsbG8=',
    '',
  ].join('\n');

const statusOf = async (instance: DevInstance, name: string): Promise<number> =>
  JSON.parse(await instance.run(['machine', 'show', name, '--json'])).lastCheckerStatus;

/** Enrols machines and waits for the first check of each; gives the status of each. */
const look = async (expected: Readonly<Record<string, Expected>>): Promise<Record<string, number>> => {
  const instance = await startDevInstance(scratch);
  const file = path.join(scratch.directory(), 'clients.conf');
  const stanzas = Object.entries(expected).map(([name, one]) => stanza(name, one));
  writeFileSync(file, stanzas.join('\n'), { mode: 0o600 });
  await instance.run(['machine', 'import', file]);
  const seen: Record<string, number> = {};
  const deadline = Date.now() + PATIENCE_MS;
  for (const name of Object.keys(expected)) {
    let status = NO_CHECK_YET;
    while (status === NO_CHECK_YET) {
      assert.ok(Date.now() < deadline, `${name} was never looked at: ${instance.words()}`);
      status = await statusOf(instance, name);
      if (status === NO_CHECK_YET) await sleep(200);
    }
    seen[name] = status;
  }
  await instance.stop();
  return seen;
};

const statuses = (expected: Readonly<Record<string, Expected>>): Record<string, number> =>
  Object.fromEntries(Object.entries(expected).map(([name, { status }]) => [name, status]));

test('@ssh-host-key: only a server that signs with the key is alive, not one that shows it, repeats it or talks about it', async () => {
  const [ed25519, ecdsa, rsa, other] = await Promise.all([
    makeHostKey(scratch, 'ed25519'),
    makeHostKey(scratch, 'ecdsa'),
    makeHostKey(scratch, 'rsa'),
    makeHostKey(scratch, 'ed25519'),
  ]);
  const [port, ecdsaPort, rsaPort] = await Promise.all(
    [ed25519, ecdsa, rsa].map((key) => startSshServer(scratch, key)),
  );
  assert.ok(port !== undefined);
  const said = 'debug1: SSH2_MSG_SERVICE_ACCEPT received';
  const [honest, spoiled, replay, talker, banner] = await Promise.all([
    startProxy(scratch, port, () => (bytes) => bytes),
    startProxy(scratch, port, spoiledSignature),
    startReplay(scratch, port),
    startTalker(scratch, `${said}\n${said}\r\n\r${said}\r\nSSH-2.0-OpenSSH_9.2\r\n${said}\r\n`),
    startTalker(scratch, `SSH-2.0-OpenSSH_9.2 ${said}\r\n`),
  ]);
  const check = (key: typeof ed25519, at: number | undefined): string =>
    `@ssh-host-key ${key.type} ${key.base64} ${at}`;
  const expected = {
    right: { checker: check(ed25519, port), status: 0 },
    'right-ecdsa': { checker: check(ecdsa, ecdsaPort), status: 0 },
    'right-rsa': { checker: check(rsa, rsaPort), status: 0 },
    'right-by-name': { checker: check(ed25519, port), host: 'localhost', status: 0 },
    'right-through-a-relay': { checker: check(ed25519, honest), status: 0 },
    'wrong-key': { checker: check(other, port), status: 1 },
    'wrong-type': { checker: check(ecdsa, port), status: 1 },
    'spoiled-signature': { checker: check(ed25519, spoiled), status: 1 },
    replayed: { checker: check(ed25519, replay), status: 1 },
    talker: { checker: check(ed25519, talker), status: 1 },
    'banner-alone': { checker: check(ed25519, banner), status: 1 },
    'nobody-there': { checker: check(ed25519, await freePort()), status: 1 },
  };
  assert.deepEqual(await look(expected), statuses(expected));
});

test('@tls-key: only a server that goes through a handshake with the key is alive', async () => {
  const [rsa, ec, old] = await Promise.all([
    startTlsServer(scratch, ['rsa:2048']),
    startTlsServer(scratch, ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']),
    startTlsServer(scratch, ['rsa:2048'], ['-tls1_2']),
  ]);
  const sshPort = await startSshServer(scratch, await makeHostKey(scratch, 'ed25519'));
  const cut = await startProxy(scratch, rsa.port, () => {
    let left = 700;
    return (bytes) => {
      left -= bytes.length;
      return left < 0 ? undefined : bytes;
    };
  });
  const expected = {
    rsa: { checker: `@tls-key ${rsa.keySha256} ${rsa.port}`, status: 0 },
    ec: { checker: `@tls-key ${ec.keySha256} ${ec.port}`, host: 'localhost', status: 0 },
    'tls-1.2': { checker: `@tls-key ${old.keySha256} ${old.port}`, status: 0 },
    'wrong-key': { checker: `@tls-key ${ec.keySha256} ${rsa.port}`, status: 1 },
    'no-tls': { checker: `@tls-key ${rsa.keySha256} ${sshPort}`, status: 1 },
    'cut-off': { checker: `@tls-key ${rsa.keySha256} ${cut}`, status: 1 },
    'nobody-there': { checker: `@tls-key ${rsa.keySha256} ${await freePort()}`, status: 1 },
  };
  assert.deepEqual(await look(expected), statuses(expected));
});
