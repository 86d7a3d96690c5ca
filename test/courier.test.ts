// Notices leave the house: a program and an address hear what happened to a machine, also after both were away, and neither
// hears a secret.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { appendFileSync, chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type DevInstance, startDevInstance } from './support/dev-instance.ts';
import { freePort } from './support/free-port.ts';
import { createMandosMachine, type MandosMachine } from './support/mandos-machine.ts';
import { Scratch } from './support/scratch.ts';

const password = 'the password that no notice may carry';
const webhookSecret = 'shared with the receiver';
const TURNS = 200;

interface Heard {
  readonly body: string;
  readonly signature: string;
}

suite('the courier', () => {
  const scratch = new Scratch();
  const heard: Heard[] = [];
  let instance: DevInstance;
  let machine: MandosMachine;
  let receiver: Server;
  let port: number;
  let hookFile: string;
  let isHookBroken: string;

  const listen = async (): Promise<void> => {
    receiver = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => {
        body += part.toString();
      });
      request.on('end', () => {
        heard.push({ body, signature: String(request.headers['x-chatelaine-signature']) });
        response.end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(port, '127.0.0.1', resolve));
  };

  const until = async (what: string, holds: () => boolean): Promise<void> => {
    for (let turn = 0; turn < TURNS; turn++) {
      if (holds()) return;
      await pause(100);
    }
    throw new Error(`never came true: ${what}`);
  };

  const hooked = (): readonly { readonly kind: string; readonly machine: string; readonly request?: string }[] =>
    existsSync(hookFile)
      ? readFileSync(hookFile, 'utf8')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line))
      : [];

  before(async () => {
    port = await freePort();
    const directory = scratch.directory();
    hookFile = path.join(directory, 'heard');
    isHookBroken = path.join(directory, 'broken');
    const hook = path.join(directory, 'hook');
    writeFileSync(hook, `#!/bin/sh\ntest ! -e ${isHookBroken} && cat >> ${hookFile}\n`);
    chmodSync(hook, 0o755);
    const secretFile = path.join(directory, 'webhook.key');
    writeFileSync(secretFile, webhookSecret, { mode: 0o600 });
    const first = await startDevInstance(scratch);
    await first.stop();
    const targets = [
      '[[courier.hooks]]',
      `command = ["${hook}"]`,
      'kinds = ["waiting", "refused", "released"]',
      '[[courier.webhooks]]',
      `url = "http://127.0.0.1:${port}/notices"`,
      `secret_file = "${secretFile}"`,
      'kinds = ["waiting", "refused", "released"]',
      '',
    ];
    appendFileSync(path.join(first.dir, 'chatelaine.toml'), targets.join('\n'));
    instance = await startDevInstance(scratch, { dir: first.dir });
    machine = await createMandosMachine(scratch.directory(), 'web1', password);
    const file = path.join(scratch.directory(), 'clients.conf');
    const settings = ['approval_delay = PT1H', 'approved_by_default = False', 'timeout = P1D', 'checker = true'];
    writeFileSync(file, `${machine.stanza}\n${settings.join('\n')}\n`, { mode: 0o600 });
    await instance.run(['machine', 'import', file]);
  });
  after(async () => {
    receiver?.close();
    await scratch[Symbol.asyncDispose]();
  });

  test('a request that waits is told at once, with what it takes to approve it', async () => {
    await listen();
    const fetching = machine.fetch(instance.mandosPort);
    await until('both heard of it', () => hooked().length === 1 && heard.length === 1);
    const [notice] = hooked();
    assert.equal(notice?.kind, 'waiting');
    assert.equal(notice?.machine, 'web1');
    await instance.run(['approve', notice?.request ?? '']);
    assert.equal((await fetching).stdout.toString(), password);
    await until('both heard that it was served', () => hooked().length === 2 && heard.length === 2);
    assert.equal(hooked()[1]?.kind, 'released');
  });

  test('the receiver can tell who sent it', () => {
    for (const { body, signature } of heard) {
      assert.equal(signature, `sha256=${createHmac('sha256', webhookSecret).update(body).digest('hex')}`);
    }
  });

  test('what nobody took is told later, also after a restart', async () => {
    receiver.closeAllConnections();
    receiver.close();
    writeFileSync(isHookBroken, '');
    await instance.run(['machine', 'disable', 'web1']);
    await machine.fetch(instance.mandosPort, 2_000);
    await pause(1_500);
    await instance.stop();
    assert.equal(hooked().length, 2);
    rmSync(isHookBroken);
    await listen();
    instance = await startDevInstance(scratch, { dir: instance.dir, mandosPort: instance.mandosPort });
    await until('both heard of the refusal', () => hooked().length >= 3 && heard.length >= 3);
    assert.equal(hooked()[2]?.kind, 'refused');
  });

  test('no notice carries a secret', () => {
    const all = heard.map(({ body }) => body).join('') + readFileSync(hookFile, 'utf8');
    assert.ok(!all.includes(password));
    assert.ok(all.includes('web1'));
  });
});
