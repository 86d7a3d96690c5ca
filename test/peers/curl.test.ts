// The HTTP API with Debian's own curl and openssl, as somebody would use it who knows nothing else of us.

import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { createMandosMachine, type MandosMachine } from '../support/mandos-machine.ts';
import { runProgram, runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

const password = 'correct horse battery staple';

suite('the stock curl of Debian', () => {
  const scratch = new Scratch();
  let instance: DevInstance;
  let machine: MandosMachine;
  let config: string;
  let certificate: string;

  /** A token in a configuration file, where no list of processes shows it. */
  const useToken = (token: string): void => {
    writeFileSync(config, `header = "Authorization: Bearer ${token.trim()}"\n`, { mode: 0o600 });
  };

  const curl = async (where: string, ...args: readonly string[]) => {
    const format = ['--write-out', '\n%{http_code} %{content_type}'];
    const url = `https://${instance.https}${where}`;
    const given = ['--silent', '--show-error', '--cacert', certificate, '--config', config, ...format, ...args, url];
    const { code, stdout, stderr } = await runProgram('curl', given);
    assert.equal(code, 0, stderr);
    const [, body = '', status, type] = /^(.*)\n(\d+) (.*)$/s.exec(stdout.toString()) ?? [];
    return { status: Number(status), type, body, json: () => JSON.parse(body) };
  };

  before(async () => {
    instance = await startDevInstance(scratch);
    const directory = scratch.directory();
    machine = await createMandosMachine(directory, 'web1', password);
    const stanza = path.join(directory, 'clients.conf');
    writeFileSync(stanza, machine.stanza, { mode: 0o600 });
    await instance.run(['machine', 'import', stanza]);
    config = path.join(directory, 'curlrc');
    certificate = path.join(instance.dir, 'gate', 'http.crt');
    useToken(
      await instance.run(['token', 'create', 'ops', '--grant', 'machines.*:web1', '--grant', 'machines.read:**']),
    );
  });
  after(() => scratch[Symbol.asyncDispose]());

  test('trusts the certificate that was made for this machine', async () => {
    const { status, json } = await curl('/readyz');
    assert.equal(status, 200);
    assert.deepEqual(json(), { status: 'ready' });
  });

  test('sees the machine and cuts it off: from then on it gets nothing', async () => {
    const { machines } = (await curl('/v1/machines')).json();
    assert.deepEqual(
      machines.map(({ name }: { readonly name: string }) => name),
      ['web1'],
    );
    assert.equal((await machine.fetch(instance.mandosPort)).stdout.toString(), password);
    assert.deepEqual((await curl('/v1/machines/web1/disable', '--request', 'POST')).json(), { changed: true });
    assert.equal((await curl('/v1/machines/web1')).json().state, 'disabled');
    assert.equal((await machine.fetch(instance.mandosPort, 4_000)).stdout.length, 0);
    assert.equal((await curl('/v1/machines/web1/why')).json().last.code, 'disabled');
    assert.deepEqual((await curl('/v1/machines/web1/enable', '--request', 'POST')).json(), { changed: true });
    assert.equal((await machine.fetch(instance.mandosPort)).stdout.toString(), password);
  });

  test('puts a secret as it is, and that is what is kept', async () => {
    const file = path.join(scratch.directory(), 'secret');
    const secret = randomBytes(700);
    writeFileSync(file, secret);
    const put = ['--request', 'PUT', '--header', 'Content-Type: application/octet-stream', '--data-binary', `@${file}`];
    assert.equal((await curl('/v1/machines/web1/secret', ...put)).status, 200);
    const exported = await instance.run(['machine', 'export', 'web1']);
    assert.ok(exported.replaceAll(/\s/g, '').includes(secret.toString('base64')));
  });

  test('is told what is wrong as a problem', async () => {
    const refused = await curl('/v1/machines/web2/disable', '--request', 'POST');
    assert.equal(refused.status, 403);
    assert.equal(refused.type, 'application/problem+json');
    assert.equal(refused.json().code, 'denied');
    assert.equal((await curl('/v1/machines/web2')).json().code, 'not-found');
    assert.equal((await curl('/v1/audit')).json().code, 'denied');
    const wrong = await curl('/v1/machines?limit=0');
    assert.equal(wrong.json().field, 'limit');
  });

  test('sends a heartbeat that openssl signed, without a token; the keep knows it from one of somebody else', async () => {
    const directory = scratch.directory();
    const [key, publicKey] = [path.join(directory, 'beat.pem'), path.join(directory, 'beat.pub')];
    await runToSuccess('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', key]);
    await runToSuccess('openssl', ['pkey', '-in', key, '-pubout', '-out', publicKey]);
    await instance.run(['machine', 'set', 'web1', '--checker', '@heartbeat', '--heartbeat-key', publicKey]);
    writeFileSync(config, '');
    const beat = async (keyFile: string) => {
      const nonce = Buffer.from((await curl('/v1/nonce')).json().nonce, 'base64');
      const statement = path.join(directory, 'statement');
      writeFileSync(statement, Buffer.concat([Buffer.from('chatelaine heartbeat v1\0'), nonce, Buffer.from('web1')]));
      const signature = path.join(directory, 'signature');
      const sign = ['pkeyutl', '-sign', '-rawin', '-inkey', keyFile, '-in', statement, '-out', signature];
      await runToSuccess('openssl', sign);
      const body = {
        name: 'web1',
        nonce: nonce.toString('base64'),
        signature: readFileSync(signature).toString('base64'),
      };
      return await curl('/v1/heartbeats', '--json', JSON.stringify(body));
    };
    const stranger = path.join(directory, 'stranger.pem');
    writeFileSync(stranger, generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }));
    assert.equal((await beat(stranger)).json().code, 'bad-proof');
    assert.equal((await beat(key)).status, 200);
    const shown = JSON.parse(await instance.run(['machine', 'show', 'web1', '--json']));
    assert.ok(shown.lastCheckedOkAtUnixMs > 0);
  });

  test('is nobody any more once its token is revoked', async () => {
    useToken(await instance.run(['token', 'create', 'brief', '--grant', 'machines.read:**']));
    assert.equal((await curl('/v1/machines/web1')).status, 200);
    await instance.run(['token', 'revoke', 'brief']);
    assert.equal((await curl('/v1/machines/web1')).status, 401);
    assert.equal((await curl('/v1/machines/web1')).json().code, 'unauthenticated');
  });
});
