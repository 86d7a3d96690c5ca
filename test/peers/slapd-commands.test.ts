// An instance whose users Debian's slapd knows, as a person sets it up, and as a service asks it over HTTP.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { internetSocketsOf } from '../support/internet-sockets.ts';
import { runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';
import { people, type Slapd, searcher, startSlapd } from '../support/slapd.ts';

const seed = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

suite('an instance with a directory', () => {
  const scratch = new Scratch();
  let slapd: Slapd;
  let instance: DevInstance;
  let config: string;

  const tableOf = (servers: readonly string[]): string =>
    [
      '[ldap]',
      `servers = ${JSON.stringify(servers)}`,
      `ca_file = ${JSON.stringify(slapd.certificates.authority)}`,
      `search_base = "${people}"`,
      `search_as = "${searcher.dn}"`,
      'timeout_seconds = 2',
    ].join('\n');

  before(async () => {
    slapd = await startSlapd(scratch, [{ uid: 'ada lovelace', password: 'correct horse' }]);
    const first = await startDevInstance(scratch);
    await first.stop();
    config = path.join(first.dir, 'chatelaine.toml');
    const text = readFileSync(config, 'utf8').replace(/^modules = \[(.*)\]$/m, 'modules = [$1, "ldap"]');
    writeFileSync(config, `${text}\n${tableOf([slapd.ldaps, slapd.ldap])}\n`);
    instance = await startDevInstance(scratch, { dir: first.dir });
    await instance.run(['user', 'add', 'ada']);
    await instance.run(['otp', 'enroll', 'ada', '--hotp', '--given'], { input: seed });
    await instance.run(['otp', 'confirm', 'ada', '--hotp'], { input: '755224\n287082\n' });
  });
  after(() => scratch[Symbol.asyncDispose]());

  const codeOf = async (counter: number): Promise<string> =>
    (await runToSuccess('oathtool', ['--hotp', '-b', '-c', String(counter), seed])).trim();

  test('its servers are good once the account that searches has its password, and no socket is left open', async () => {
    const without = await instance.attempt(['ldap', 'test']);
    assert.equal(without.code, 1);
    assert.match(without.stdout.toString(), /no-bind-password/);
    await instance.run(['ldap', 'bind-password'], { input: `${searcher.password}\n` });
    const tested = JSON.parse(await instance.run(['ldap', 'test', '--json'])) as { problem?: string }[];
    assert.deepEqual(
      tested.map(({ problem }) => problem),
      [undefined, undefined],
    );
    assert.deepEqual(internetSocketsOf(instance.pidOf('keep')), []);
    await instance.run(['ldap', 'bind-password'], { input: 'wrong' });
    const refused = await instance.attempt(['ldap', 'test']);
    assert.equal(refused.code, 1);
    assert.match(refused.stdout.toString(), /refuses ldap\.search_as with its password/);
    await instance.run(['ldap', 'bind-password'], { input: searcher.password });
  });

  test('a user is checked with password and code in one, each from a line of stdin', async () => {
    await instance.run(['user', 'directory', 'set', 'ada', '--as', 'ada lovelace', '--needs', 'hotp']);
    const check = async (password: string, counter: number) =>
      instance.attempt(['user', 'directory', 'check', 'ada', '--with-code'], {
        input: `${password}\n${await codeOf(counter)}\n`,
      });
    assert.equal((await check('wrong', 2)).code, 1);
    const right = await check('correct horse', 2);
    assert.equal(right.code, 0, right.stderr);
    assert.match(right.stderr, /Password and code are right/);
    const again = await check('correct horse', 2);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /That user, password or code is not accepted/);
    const [shown] = JSON.parse(await instance.run(['user', 'directory', 'show', 'ada', '--json'])) as object[];
    assert.partialDeepStrictEqual(shown, { user: 'ada', name: 'ada lovelace', code: 'hotp' });
    const twice = await instance.attempt(['user', 'directory', 'set', 'ada', '--needs', 'sms']);
    assert.equal(twice.code, 2);
    const missing = await instance.attempt(['user', 'directory', 'set', 'nobody']);
    assert.equal(missing.code, 1);
  });

  test('a service with a token asks over HTTP, with the password as base64 or as the body itself', async () => {
    const token = (await instance.run(['token', 'create', 'vpn', '--grant', 'ldap.verify:**'])).trim();
    const ask = async (query: string, type: string, body: string | Buffer<ArrayBuffer>): Promise<number> => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': type };
      const answer = await fetch(`http://${instance.http}/v1/ldap/verify${query}`, { method: 'POST', headers, body });
      await answer.arrayBuffer();
      return answer.status;
    };
    const password = Buffer.from('correct horse');
    const input = async (counter: number) =>
      JSON.stringify({ user: 'ada', password: password.toString('base64'), code: await codeOf(counter) });
    assert.equal(await ask('', 'application/json', await input(3)), 200);
    assert.equal(await ask('', 'application/json', await input(3)), 403);
    const query = `?user=ada&code=${await codeOf(4)}`;
    assert.equal(await ask(query, 'application/octet-stream', password), 200);
    assert.equal(await ask('?user=ada', 'application/octet-stream', Buffer.alloc(0)), 400, 'an empty password');
    await slapd.kill();
    assert.equal(await ask('', 'application/json', await input(5)), 503, 'an outage');
    await slapd.start();
    assert.equal(await ask('', 'application/json', await input(5)), 200, 'and nothing was spent by it');
    assert.equal(instance.words().includes('correct horse'), false);
  });

  test('what is wrong with the settings is said with its line', async () => {
    const text = readFileSync(config, 'utf8');
    const line = text.split('\n').findIndex((one) => one.startsWith('servers')) + 1;
    const wrong = path.join(scratch.directory(), 'chatelaine.toml');
    writeFileSync(wrong, text.replace(/^servers = .*$/m, 'servers = ["https://dc1"]'), { mode: 0o600 });
    const checked = await instance.attempt(['--config', wrong, 'config', 'check'], { env: { CHATELAINE_DIR: '' } });
    assert.equal(checked.code, 4);
    assert.match(checked.stderr, new RegExp(`${wrong}:${line}: ldap\\.servers\\[1\\]: must be ldaps://HOST`));
  });
});
