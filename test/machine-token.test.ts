// A machine as a caller of the HTTP API, from outside: the command that it runs, and the same with openssl and curl alone.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type DevInstance, startDevInstance } from './support/dev-instance.ts';
import { type Finished, runProgram, runToSuccess } from './support/run-program.ts';
import { Scratch } from './support/scratch.ts';

const chatelaine = path.join(import.meta.dirname, '..', 'bin', 'chatelaine');

suite('a machine', { timeout: 120_000 }, () => {
  const scratch = new Scratch();
  let instance: DevInstance;
  let keys: string;
  let certificate: string;
  let fingerprint: string;
  let stored: string;

  before(async () => {
    instance = await startDevInstance(scratch);
    keys = path.join(scratch.directory(), 'keys');
    const enroll = ['machine', 'enroll', 'db1', '--key-dir', keys, '--type', 'dbserver', '--checker', ''];
    await instance.run([...enroll, '--timeout', '1h'], { input: 'disk password' });
    await instance.run(['policy', 'grant', 'type:dbserver', 'passwords.get.pgsql', 'postgres_*']);
    stored = (await instance.run(['password', 'create', 'postgres_web', 'pgsql'])).trim();
    certificate = path.join(instance.dir, 'gate', 'http.crt');
    fingerprint = new X509Certificate(readFileSync(certificate)).fingerprint256;
  });
  after(() => scratch[Symbol.asyncDispose]());

  const tokenCommand = (
    more: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Finished> => {
    const known = ['--key', path.join(keys, 'tls-privkey.pem'), '--name', 'db1', '--fingerprint', fingerprint];
    const args = ['machine', 'token', '--server', `https://${instance.https}`, ...known, ...more];
    return runProgram(chatelaine, args, { env });
  };

  const curl = (...args: readonly string[]): Promise<string> =>
    runToSuccess('curl', ['-sS', '--cacert', certificate, ...args]);

  const url = (rest: string): string => `https://${instance.https}/v1${rest}`;

  const get = (token: string, name = 'postgres_web'): Promise<string> =>
    curl(
      '-H',
      `Authorization: Bearer ${token}`,
      '-H',
      'Accept: application/octet-stream',
      url(`/passwords/${name}/pgsql`),
    );

  test('prints a token, with which it gets what is granted to its type and nothing else', async () => {
    const { code, stdout, stderr } = await tokenCommand();
    assert.equal(code, 0, stderr);
    const token = stdout.toString().trim();
    assert.match(token, /^chm_[\w-]{43}$/);
    assert.equal(await get(token), stored);
    assert.match(await get(token, 'mail'), /"code":"denied"/);
    assert.match(await instance.run(['audit', 'list', '--json']), /machine:db1/);
  });

  test('runs a command that finds a fresh token whenever it looks, and ends as it ends', async () => {
    const script = `
      read=$(cat "$CHATELAINE_TOKEN_FILE"); again=$(cat "$CHATELAINE_TOKEN_FILE"); [ "$read" = "$again" ] || exit 90
      end=$(($(date +%s) + 20)); while [ "$again" = "$read" ]; do [ "$(date +%s)" -lt $end ] || exit 91; sleep 0.1
        again=$(cat "$CHATELAINE_TOKEN_FILE"); done
      printf 'header = "Authorization: Bearer %s"\\n' "$again" |
        curl -sS --cacert "$CA" -K - -H 'Accept: application/octet-stream' "$CHATELAINE_SERVER/v1/passwords/postgres_web/pgsql"
      exit 7`;
    const more = ['--life', '4s', '--', 'sh', '-c', script];
    const { code, stdout, stderr } = await tokenCommand(more, { CA: certificate });
    assert.equal(code, 7, stderr);
    assert.equal(stdout.toString(), stored);
    const killed = await tokenCommand(['--', 'sh', '-c', 'kill -KILL $$']);
    assert.equal(killed.code, 128 + 9);
    const missing = await tokenCommand(['--', path.join(keys, 'nothing')]);
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /is not there/);
  });

  test('signs nothing for a server with another certificate or another store, nor with another key', async () => {
    const other = fingerprint.replace(/^../, (first) => (first === '00' ? '01' : '00'));
    assert.match((await tokenCommand(['--fingerprint', other])).stderr, /another certificate/);
    assert.match((await tokenCommand(['--store', 'another'])).stderr, /not the server of the store/);
    assert.match((await tokenCommand(['--key', certificate])).stderr, /no private key/);
    assert.match((await tokenCommand(['--life', '2h'])).stderr, /one hour at most/);
    const stranger = path.join(scratch.directory(), 'stranger.pem');
    await runToSuccess('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', stranger]);
    const refused = await tokenCommand(['--key', stranger]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /does not prove the key/);
  });

  test('needs no program of ours: openssl signs and curl asks, as the page on the API says', async () => {
    const directory = scratch.directory();
    const script = `
      set -e; cd "$DIR"; json() { python3 -c 'import json,sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
      curl -sS --cacert "$CA" -X POST "$API/machine-tokens/challenge" > challenge
      nonce=$(json nonce < challenge); client=$(openssl rand -hex 16)
      printf 'chatelaine machine login v1\\nstore: %s\\nmachine: db1\\nlife: 60000\\nnonce: %s\\nclient: %s\\n' \\
        "$(json storeId < challenge)" "$(printf %s "$nonce" | base64 -d | od -An -tx1 -v | tr -d ' \\n')" "$client" > statement
      openssl pkeyutl -sign -rawin -inkey "$KEY" -in statement -out signature
      openssl pkey -in "$KEY" -pubout -outform der -out public
      printf '{"name":"db1","lifeMs":60000,"nonce":"%s","clientNonce":"%s","publicKey":"%s","signature":"%s"}' "$nonce" \\
        "$(printf %s "$client" | python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))' | base64 -w0)" "$(base64 -w0 public)" "$(base64 -w0 signature)" > login
      curl -sS --cacert "$CA" -H 'Content-Type: application/json' -d @login "$API/machine-tokens" | json token | base64 -d`;
    const env = { DIR: directory, CA: certificate, API: url(''), KEY: path.join(keys, 'tls-privkey.pem') };
    assert.equal(await get((await runToSuccess('bash', ['-c', script], { env })).trim()), stored);
  });

  test('that is cut off has no token any more, while its command runs, and gets no other', async () => {
    const token = (await tokenCommand()).stdout.toString().trim();
    await instance.run(['machine', 'disable', 'db1']);
    assert.match(await get(token), /"code":"unauthenticated"/);
    const refused = await tokenCommand();
    assert.equal(refused.code, 1);
    assert.equal(refused.stdout.length, 0);
  });
});
