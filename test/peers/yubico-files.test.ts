// Files of Yubico's servers on their way in and out, encrypted and signed by the stock gpg(1); their checksums as those servers' own
// tools make them, with sha1sum(1); and codes opened for a validation server by curl(1).

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { publicIdOf } from '../../client/cli/src/otp/yubikey-secrets.ts';
import { typeCode } from '../../server/keep/src/modules/yubiotp/testing/type-code.ts';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { runProgram, runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

const KEYS = 1_200;
const bytesOf = (serial: number, what: string, sizeBytes: number): Buffer =>
  createHash('sha256').update(`${what} ${serial}`).digest().subarray(0, sizeBytes);
const secretsOf = (serial: number) => ({ privateId: bytesOf(serial, 'id', 6), key: bytesOf(serial, 'key', 16) });
const keyLine = (serial: number): string => {
  const { privateId, key } = secretsOf(serial);
  const hex = [privateId, key, Buffer.alloc(6)].map((bytes) => bytes.toString('hex')).join(',');
  return `${serial},${publicIdOf(serial)},${hex},2009-02-24T17:41:57,\n`;
};
const serials = Array.from({ length: KEYS }, (_, at) => at + 1);
const keyFile = `# ykksm 1\n${serials.map(keyLine).join('')}# the end\n`;
const stateFile = serials
  .map((serial) => `1,1235000000,1235000001,${publicIdOf(serial)},19,17,49712,0,kakakakakakakakakakakaka,\n`)
  .join('');
const clientFile = '17,1,1235000000,EHmo8FMxuhumBlTinC4uYL0Mgwg=,ops@example.org,VPN,\n';

suite('files of Yubico’s servers', () => {
  const scratch = new Scratch();
  let instance: DevInstance;
  let directory: string;
  let home: string;
  const fileOf = (name: string): string => path.join(directory, name);
  const gpg = (args: readonly string[]): Promise<string> =>
    runToSuccess('gpg', [
      '--homedir',
      home,
      '--batch',
      '--yes',
      '--trust-model',
      'always',
      '--pinentry-mode',
      'loopback',
      ...args,
    ]);
  const take = (args: readonly string[]) => instance.attempt(['otp', 'import', '--yes', ...args]);
  const keysThere = async (): Promise<number> => {
    const states = await instance.run(['otp', 'export', '--as', 'ykval']);
    return states.split('\n').filter((line) => line !== '').length;
  };

  before(async () => {
    directory = scratch.directory();
    home = fileOf('gnupg');
    mkdirSync(home, { mode: 0o700 });
    scratch.atEnd(() => runProgram('gpgconf', ['--homedir', home, '--kill', 'all']));
    for (const who of ['storage', 'maker', 'stranger']) {
      await gpg([
        '--passphrase',
        '',
        '--quick-generate-key',
        `${who} <${who}@example.org>`,
        'future-default',
        'default',
        'never',
      ]);
      await gpg(['--armor', '--output', fileOf(`${who}.pub`), '--export', who]);
    }
    await gpg(['--armor', '--output', fileOf('storage.key'), '--export-secret-keys', 'storage']);
    for (const [name, text] of [
      ['keys', keyFile],
      ['states', stateFile],
      ['clients', clientFile],
    ] as const)
      writeFileSync(fileOf(name), text, { mode: 0o600 });
    instance = await startDevInstance(scratch);
  });
  after(() => scratch[Symbol.asyncDispose]());

  test('an encrypted file counts for nothing unless somebody who is expected signed it', async () => {
    const seal = async (name: string, more: readonly string[]): Promise<string> => {
      await gpg(['--output', fileOf(name), '--recipient', 'storage', ...more, '--encrypt', fileOf('keys')]);
      return fileOf(name);
    };
    const strange = await seal('strange.gpg', ['--local-user', 'stranger', '--sign']);
    const unsigned = await seal('unsigned.gpg', []);
    const key = ['--openpgp-key', fileOf('storage.key')];
    for (const [file, words] of [
      [strange, /signed, but by nobody whose key is in --signer/],
      [unsigned, /not signed, so that anybody could have made it/],
    ] as const) {
      const refused = await take(['--ksm', file, ...key, '--signer', fileOf('maker.pub')]);
      assert.notEqual(refused.code, 0);
      assert.match(refused.stderr, words);
    }
    const good = readFileSync(strange);
    good[good.length - 40] = (good[good.length - 40] ?? 0) ^ 1;
    writeFileSync(fileOf('changed.gpg'), good);
    assert.match((await take(['--ksm', fileOf('changed.gpg'), ...key])).stderr, /does not open|no OpenPGP message/);
    assert.match((await take(['--ksm', strange])).stderr, /encrypted to an OpenPGP key/);
    assert.equal(await keysThere(), 0);
  });

  test('with anything wrong in it every wrong line is named, and nothing is taken over', async () => {
    const lines = keyFile.split('\n');
    lines[700] = 'nonsense';
    lines[900] = lines[2] ?? '';
    writeFileSync(fileOf('wrong'), lines.join('\n'));
    const refused = await take(['--ksm', fileOf('wrong')]);
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /^line 701: it has 1 fields/m);
    assert.match(refused.stderr, /^line 901: \w+ stands in line 3 already/m);
    assert.equal(await keysThere(), 0);
  });

  test('a file that is encrypted and signed is taken over, keys and then counters; old codes stay old', async () => {
    const sealed = fileOf('keys.asc');
    const recipients = ['--recipient', 'storage', '--local-user', 'maker'];
    await gpg(['--armor', '--output', sealed, ...recipients, '--sign', '--encrypt', fileOf('keys')]);
    const key = ['--openpgp-key', fileOf('storage.key'), '--signer', fileOf('maker.pub')];
    const looked = await take(['--ksm', sealed, ...key, '--check']);
    assert.match(looked.stderr, /1200 new keys, 0 changed/);
    assert.equal(await keysThere(), 0);
    const taken = await take(['--ksm', sealed, ...key]);
    assert.equal(taken.code, 0, taken.stderr);
    const states = await take(['--ykval', fileOf('states')]);
    assert.equal(states.code, 0, states.stderr);
    assert.match(states.stderr, /0 new keys, 1200 changed/);
    const clients = await take(['--clients', fileOf('clients')]);
    assert.equal(clients.code, 0, clients.stderr);
    const statusOf = async (counter: number, use: number): Promise<string> => {
      const otp = typeCode(publicIdOf(1_111), secretsOf(1_111), { counter, use });
      const url = `http://${instance.http}/wsapi/2.0/verify?id=17&nonce=kakakakakakakaka${use}&otp=${otp}`;
      return /^status=(\w+)/m.exec(await runToSuccess('curl', ['--silent', url]))?.[1] ?? '';
    };
    assert.equal(await statusOf(19, 17), 'REPLAYED_OTP');
    assert.equal(await statusOf(19, 18), 'OK');
    assert.equal(await statusOf(18, 200), 'REPLAYED_OTP');
  });

  test('clients keep their ids and keys', async () => {
    const otp = typeCode(publicIdOf(2), secretsOf(2), { counter: 20, use: 0 });
    const url = `http://${instance.http}/wsapi/2.0/verify`;
    const asked = await runProgram('ykclient', ['--url', url, '--apikey', 'EHmo8FMxuhumBlTinC4uYL0Mgwg=', '17', otp]);
    assert.equal(asked.code, 0, asked.stderr);
    assert.equal(await instance.run(['otp', 'export', '--as', 'clients', '--yes']), clientFile);
  });

  test('what goes out is what came in: the checksums of both key storages are the same', async () => {
    const exported = await instance.run(['otp', 'export', '--as', 'ksm', '--yes'], { patienceMs: 120_000 });
    const checksum = async (text: string): Promise<string> => {
      const rows = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      const sorted = rows.map((row) => row.split(',')).sort((one, other) => Number(one[0]) - Number(other[0]));
      const input = sorted.map((fields) => fields.slice(0, 4).join('')).join('');
      return (await runToSuccess('sha1sum', [], { input })).slice(0, 10);
    };
    assert.equal(await checksum(exported), await checksum(keyFile));
  });
});
