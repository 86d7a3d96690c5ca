// Stock clients of Yubico's validation protocol, against an instance whose YubiKey the test plays: Debian's ykclient(1),
// pam_yubico(8) with pamtester(1), and the libraries for Python and Perl.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { typeCode } from '../../server/keep/src/modules/yubiotp/testing/type-code.ts';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { type Finished, runProgram, runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

const publicId = 'vvcccccccccb';
const secrets = { privateId: Buffer.from('8792ebfe26cc', 'hex'), key: Buffer.from('5'.repeat(32), 'hex') };
const wrongKey = Buffer.alloc(20, 1).toString('base64');

suite('stock clients of the validation protocol', () => {
  const scratch = new Scratch();
  let instance: DevInstance;
  let client: { readonly id: number; readonly key: string };
  let presses = 0;
  /** The next code of the key. */
  const press = (): string => typeCode(publicId, secrets, { counter: 1 + (presses >> 8), use: presses++ & 255 });
  const urlOf = (version = '2.0/'): string => `http://${instance.http}/wsapi/${version}verify`;

  before(async () => {
    instance = await startDevInstance(scratch);
    await instance.run(['user', 'add', 'ada']);
    const given = `${secrets.privateId.toString('hex')},${secrets.key.toString('hex')}`;
    await instance.run(['otp', 'enroll', 'ada', '--yubikey', '--public-id', publicId, '--given'], { input: given });
    await instance.run(['otp', 'confirm', 'ada', publicId, '--yubikey'], { input: press() });
    client = JSON.parse(await instance.run(['otp', 'client', 'add', '--notes', 'VPN', '--json']));
  });
  after(() => scratch[Symbol.asyncDispose]());

  suite('ykclient', () => {
    const ykclient = async (otp: string, key = client.key, url = urlOf(), id = client.id): Promise<Finished> =>
      await runProgram('ykclient', ['--url', url, '--apikey', key, String(id), otp]);
    const exitOf = async (...given: Parameters<typeof ykclient>): Promise<number | undefined> =>
      (await ykclient(...given)).code;

    test('is told OK once, and of a replay by its exit code', async () => {
      const otp = press();
      assert.equal(await exitOf(otp), 0);
      assert.equal(await exitOf(otp), 2);
    });

    test('asks in the old form of addresses too, and without a key of its own', async () => {
      assert.equal(await exitOf(press(), client.key, `${urlOf()}?id=%d&otp=%s`), 0);
      const { code } = await runProgram('ykclient', ['--url', urlOf(), String(client.id), press()]);
      assert.equal(code, 0);
    });

    test('asks over TLS and trusts the certificate that was made for this machine, and no server without it', async () => {
      const url = `https://${instance.https}/wsapi/2.0/verify`;
      const args = ['--url', url, '--apikey', client.key];
      const certificate = ['--cai', path.join(instance.dir, 'gate', 'http.crt')];
      const otp = press();
      assert.equal((await runProgram('ykclient', [...args, String(client.id), otp])).code, 3);
      assert.equal((await runProgram('ykclient', [...args, ...certificate, String(client.id), otp])).code, 0);
    });

    test('is told what is wrong, and nothing of that is spent', async () => {
      const otp = press();
      assert.equal(await exitOf(otp.replace(/^vv/, 'cc')), 3, 'no such key');
      assert.equal(await exitOf(otp, wrongKey), 3, 'signed with another key');
      assert.equal(await exitOf(otp, client.key, urlOf(), 4711), 3, 'no such client');
      await instance.run(['otp', 'client', 'disable', String(client.id)]);
      assert.notEqual(await exitOf(otp), 0);
      await instance.run(['otp', 'client', 'enable', String(client.id)]);
      await instance.run(['otp', 'disable', 'ada', publicId]);
      assert.equal(await exitOf(otp), 3, 'the key is switched off');
      await instance.run(['otp', 'enable', 'ada', publicId]);
      assert.equal(await exitOf(otp), 0);
    });
  });

  suite('pam_yubico', () => {
    const login = async (otp: string, options: string): Promise<number | undefined> => {
      const directory = scratch.directory();
      const mapping = path.join(directory, 'mapping');
      writeFileSync(mapping, `ada:${publicId}\nbob:vvccccccccbb\n`);
      const line = `auth required pam_yubico.so id=${client.id} key=${client.key} authfile=${mapping} ${options}\n`;
      writeFileSync(path.join(directory, 'yubico'), line);
      const [library] = (await runToSuccess('sh', ['-c', 'ls /usr/lib/*/libpam_wrapper.so'])).trim().split('\n');
      const env = { LD_PRELOAD: library ?? '', PAM_WRAPPER: '1', PAM_WRAPPER_SERVICE_DIR: directory };
      return (await runProgram('pamtester', ['yubico', 'ada', 'authenticate'], { input: `${otp}\n`, env })).code;
    };

    test('lets somebody in with a code once', async () => {
      const otp = press();
      assert.equal(await login(otp, `urllist=${urlOf()}`), 0);
      assert.notEqual(await login(otp, `urllist=${urlOf()}`), 0);
      assert.equal(await login(press(), `url=${urlOf()}?id=%d&otp=%s`), 0);
    });

    test('asks two addresses at once for one login', async () => {
      for (let at = 0; at < 5; at++) assert.equal(await login(press(), `urllist=${urlOf()};${urlOf()}`), 0);
    });

    test('lets nobody in with a code of another key, or with one that is wrong', async () => {
      const other = typeCode('vvccccccccbb', secrets, { counter: 1, use: 0 });
      assert.notEqual(await login(other, `urllist=${urlOf()}`), 0);
      assert.notEqual(await login(`${publicId}${'c'.repeat(32)}`, `urllist=${urlOf()}`), 0);
    });
  });

  test('the library for Python gets a signed verdict in each version, with the counters if it asks', async () => {
    const script = `
import sys
from base64 import b64decode
from yubiotp.client import YubiClient10, YubiClient11, YubiClient20
id, key, base = sys.argv[1:4]
otps = sys.argv[4:]
key = b64decode(key)
def ask(client, version, otp):
    client.base_url = base + version + 'verify'
    response = client.verify(otp)
    counters = [response.fields.get(name) for name in ('sessioncounter', 'sessionuse')]
    print(response.status(), response.is_signature_valid(), response.is_ok(), *counters)
ask(YubiClient10(id, key), '', otps[0])
ask(YubiClient10(id, key), '', otps[0])
ask(YubiClient11(id, key, timestamp=True), '', otps[1])
ask(YubiClient20(id, key, timestamp=True, sl='secure', timeout=3), '2.0/', otps[2])
`;
    const codes = [press(), press(), press()];
    const base = `http://${instance.http}/wsapi/`;
    const printed = await runToSuccess('/usr/bin/python3', [
      '-c',
      script,
      String(client.id),
      client.key,
      base,
      ...codes,
    ]);
    assert.deepEqual(printed.trim().split('\n'), [
      // Before 2.0 neither code nor nonce are answered, without which it calls nothing surely right.
      'OK True False None None',
      'REPLAYED_OTP True False None None',
      `OK True False 1 ${presses - 2}`,
      `OK True True 1 ${presses - 1}`,
    ]);
  });

  test('the library for Perl gets a signed verdict', async () => {
    const script = `
use Auth::Yubikey_WebClient;
my ($id, $api, $url, @otps) = @ARGV;
my $client = Auth::Yubikey_WebClient->new({ id => $id, api => $api, url => $url });
print $client->otp($_), "\\n" for @otps;
`;
    const otp = press();
    const printed = await runToSuccess('perl', [
      '-e',
      script,
      String(client.id),
      client.key,
      urlOf(),
      otp,
      otp,
      press(),
    ]);
    assert.deepEqual(printed.trim().split('\n'), ['OK', 'ERR_REPLAYED_REQUEST', 'OK'], 'it keeps its nonce');
  });

  test('of 64 requests with one code over 64 connections exactly one is OK', async () => {
    for (let round = 0; round < 5; round++) {
      const otp = press();
      const ask = async (_: unknown, at: number): Promise<string> => {
        const nonce = `k${at % 32}`.padEnd(20, 'a');
        const answer = await fetch(`${urlOf()}?id=${client.id}&nonce=${nonce}&otp=${otp}`);
        return /^status=(\w+)\r$/m.exec(await answer.text())?.[1] ?? '';
      };
      const statuses = await Promise.all(Array.from({ length: 64 }, ask));
      assert.equal(statuses.filter((status) => status === 'OK').length, 1);
      assert.equal(statuses.filter((status) => status.startsWith('REPLAYED_')).length, 63);
    }
  });

  test('clients are listed without their keys, and one that was removed is gone', async () => {
    const added = (await instance.run(['otp', 'client', 'add', '--email', 'ops@example.org'])).trim();
    assert.match(added, /^2,[A-Za-z0-9+/]{27}=$/);
    const listed = await instance.run(['otp', 'client', 'list', '--json']);
    assert.deepEqual(
      (JSON.parse(listed) as { id: number; active: boolean; email: string }[]).map(({ id, active, email }) => [
        ...[id, active, email],
      ]),
      [
        [1, true, ''],
        [2, true, 'ops@example.org'],
      ],
    );
    assert.ok(!listed.includes(client.key) && !listed.includes(added.slice(2)));
    await instance.run(['otp', 'client', 'remove', '2', '--yes']);
    assert.equal((await instance.attempt(['otp', 'client', 'enable', '2'])).code, 1);
    assert.equal((await instance.attempt(['otp', 'client', 'enable', 'two'])).code, 2);
    const words = instance.words();
    assert.ok(!words.includes(client.key), 'no key in a log');
  });
});
