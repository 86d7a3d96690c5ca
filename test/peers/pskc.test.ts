// Credentials that come from other systems: key containers that Debian's csv2pskc makes and its pskctool finds in order, lists of
// otpauth URIs, and codes for them that oathtool makes. csv2pskc(1), pskctool(1), oathtool(1)

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

const ALGORITHM = 'urn:ietf:params:xml:ns:keyprov:pskc';
const PASS_PHRASE = 'ein Satz, den niemand errät';
const PRE_SHARED = '00112233445566778899aabbccddeeff';
const EXIT_INPUT = 5;
const users = ['ada', 'bob', 'eve', 'joe', 'kim'];
const seedOf = (number: number): string => Buffer.alloc(20, number + 1).toString('hex');

interface Listed {
  readonly user: string;
  readonly kind: string;
  readonly credential: string;
  readonly state: string;
}

suite('key containers and lists of URIs', () => {
  const scratch = new Scratch();
  const directory = scratch.directory();
  const place = (name: string): string => path.join(directory, name);
  let instance: DevInstance;
  before(async () => {
    instance = await startDevInstance(scratch);
    for (const name of users) await instance.run(['user', 'add', name]);
    writeFileSync(place('pass-phrase'), PASS_PHRASE);
    writeFileSync(place('pre-shared'), PRE_SHARED);
  });
  after(() => scratch[Symbol.asyncDispose]());

  const makeContainer = async (name: string, rows: readonly string[], ...options: string[]): Promise<string> => {
    writeFileSync(place(`${name}.csv`), `id,serial,secret,algorithm,counter,key_userid\n${rows.join('\n')}\n`);
    const columns = [
      '-x',
      'response_encoding=DECIMAL',
      '-x',
      'response_length=6',
      '-x',
      'manufacturer=Acme',
      ...options,
    ];
    await runToSuccess('csv2pskc', [...columns, '-o', place(name), place(`${name}.csv`)]);
    return place(name);
  };
  const oathtool = async (...options: string[]): Promise<string> => (await runToSuccess('oathtool', options)).trim();
  const verify = async (user: string, kind: 'totp' | 'hotp', code: string): Promise<number | undefined> =>
    (await instance.attempt(['otp', 'verify', user, `--${kind}`], { input: code })).code ?? undefined;
  const listed = async (user: string): Promise<readonly Listed[]> =>
    JSON.parse(await instance.run(['otp', 'list', user, '--json']));

  for (const [name, user, options, secret] of [
    ['plain.xml', 'ada', [], []],
    ['pass-phrase.xml', 'bob', ['-p', 'pass-phrase'], ['--secret-file', 'pass-phrase']],
    ['pre-shared.xml', 'eve', ['-s', PRE_SHARED], ['--secret-file', 'pre-shared']],
  ] as const) {
    test(`a container of csv2pskc is taken over, and codes of oathtool are right from the counter on that it names: ${name}`, async () => {
      const number = users.indexOf(user);
      const asFile = (option: string): string => (option.startsWith('p') ? place(option) : option);
      const rows = [
        `k1,${user}-1,${seedOf(number)},${ALGORITHM}:hotp,7,CN=${user}`,
        `k2,${user}-2,${seedOf(number + 100)},${ALGORITHM}:totp,,${user}`,
      ];
      const file = await makeContainer(name, rows, ...options.map(asFile));
      // csv2pskc does not name a pre-shared key, which the schema asks for.
      if (name !== 'pre-shared.xml') assert.match(await runToSuccess('pskctool', ['--validate', file]), /OK/);
      assert.match(await runToSuccess('pskctool', ['--info', file]), new RegExp(`SerialNo: ${user}-1`));
      const args = ['otp', 'import', '--pskc', file, ...secret.map(asFile)];
      assert.match(await instance.run([...args, '--check']), new RegExp(`${user} +hotp +${user}-1 +key package 1`));
      assert.deepEqual(await listed(user), [], 'that was only looked at');
      await instance.run([...args, '--yes']);
      const found = (await listed(user)).map(({ kind, credential, state }) => [kind, credential, state]);
      assert.deepEqual(found, [
        ['hotp', `${user}-1`, 'active'],
        ['totp', `${user}-2`, 'active'],
      ]);
      const code = await oathtool('--hotp', '-c', '7', seedOf(number));
      assert.equal(
        await verify(user, 'hotp', await oathtool('--hotp', '-c', '6', seedOf(number))),
        1,
        'used elsewhere',
      );
      assert.equal(await verify(user, 'hotp', code), 0);
      assert.equal(await verify(user, 'hotp', code), 1, 'replayed');
      assert.equal(await verify(user, 'totp', await oathtool('--totp', seedOf(number + 100))), 0);
      assert.equal((await instance.attempt([...args, '--yes'])).code, EXIT_INPUT, 'it is there already');
    });
  }

  test('with one wrong key package nothing is taken over, and it is named; tokens of nobody are given to users by a list', async () => {
    const rows = [`k1,1001,${seedOf(40)},${ALGORITHM}:hotp,0,`, `k2,1002,${seedOf(41)},${ALGORITHM}:ocra,0,`];
    const broken = await makeContainer('broken.xml', rows);
    writeFileSync(place('users'), '1001 joe\nk2 kim\n');
    const refused = await instance.attempt(['otp', 'import', '--pskc', broken, '--users', place('users'), '--yes']);
    assert.equal(refused.code, EXIT_INPUT);
    assert.match(refused.stderr, /key package 2 \(key k2\): its algorithm is neither HOTP nor TOTP/);
    assert.deepEqual(await listed('joe'), []);
    const nobodys = await makeContainer('nobodys.xml', [rows[0] ?? '', `k2,1002,${seedOf(41)},${ALGORITHM}:hotp,0,`]);
    assert.equal((await instance.attempt(['otp', 'import', '--pskc', nobodys, '--yes'])).code, EXIT_INPUT);
    const whole = readFileSync(nobodys, 'utf8');
    await instance.run(['otp', 'import', '--pskc', '-', '--users', place('users'), '--yes'], { input: whole });
    assert.equal(await verify('kim', 'hotp', await oathtool('--hotp', '-c', '0', seedOf(41))), 0);
    writeFileSync(place('wrong'), 'another');
    const args = ['otp', 'import', '--pskc', place('pass-phrase.xml'), '--secret-file', place('wrong'), '--yes'];
    const wrong = await instance.attempt(args);
    assert.equal(wrong.code, EXIT_INPUT);
    assert.match(wrong.stderr, /pass phrase/);
    assert.ok(!wrong.stderr.includes('another'));
  });

  test('a list that was exported is taken over again, to the next code; each seed that went out is on record', async () => {
    const uris = await instance.run(['otp', 'export', 'joe', '--yes']);
    assert.match(uris, /^otpauth:\/\/hotp\/Chatelaine:joe\?secret=[A-Z2-7]{32}&.*&counter=0&credential=1001\n$/);
    const records = await instance.run(['audit', 'list', '--json']);
    assert.match(records, /hotp\.export[^}]*joe\/1001/);
    await instance.run(['otp', 'remove', 'joe', '1001', '--hotp', '--yes']);
    const lines = `# of the other server\n${uris}`;
    const broken = await instance.attempt(['otp', 'import', '--otpauth', '-', '--yes'], {
      input: `${lines}otpauth://x\n`,
    });
    assert.equal(broken.code, EXIT_INPUT);
    assert.match(broken.stderr, /line 3: it is no otpauth URI/);
    assert.deepEqual(await listed('joe'), []);
    await instance.run(['otp', 'import', '--otpauth', '-', '--yes'], { input: lines });
    const secret = new URL(uris.trim()).searchParams.get('secret') ?? '';
    assert.equal(await verify('joe', 'hotp', await oathtool('--hotp', '-b', '-c', '0', secret)), 0);
  });

  test('recovery codes are shown once, and each is right once, wherever a code is asked for', async () => {
    const codes = (await instance.run(['otp', 'recovery', 'make', 'ada'])).trim().split('\n');
    assert.equal(codes.length, 10);
    const [first = '', second = ''] = codes;
    const tries = async (code: string) => (await instance.attempt(['otp', 'verify', 'ada'], { input: code })).code;
    assert.equal(await tries(first), 0);
    assert.equal(await tries(first), 1);
    assert.match(await instance.run(['otp', 'recovery', 'status', 'ada']), /^9 left/);
    assert.equal((await instance.attempt(['otp', 'recovery', 'make', 'ada'])).code, 2, 'that has to be confirmed');
    await instance.run(['otp', 'recovery', 'remove', 'ada', '--yes']);
    assert.equal(await tries(second), 1);
  });
});
