// Our trocla in front of a server, beside Ruby's on its own store: the same words get the same answers, over the socket of this
// machine and over HTTPS.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { formats } from '@chatelaine/password-hash';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { Scratch } from '../support/scratch.ts';
import { ourTrocla, realTrocla, sideWith, yamlStore } from '../support/trocla-pair.ts';

const locally = async ({ dir }: DevInstance): Promise<string> =>
  `store: :chatelaine\nstore_options:\n  config: ${dir}/chatelaine.toml\n`;

const overHttps = async (instance: DevInstance, directory: string): Promise<string> => {
  const token = path.join(directory, 'token');
  const grants = ['create', 'get', 'reset', 'set', 'delete', 'read'].map((verb) => `passwords.${verb}:**`);
  const words = ['token', 'create', 'trocla', ...grants.flatMap((grant) => ['--grant', grant])];
  writeFileSync(token, await instance.run(words), { mode: 0o600 });
  const ca = path.join(instance.dir, 'gate', 'http.crt');
  return `store: :chatelaine\nstore_options:\n  server: https://${instance.https}\n  token_file: ${token}\n  ca_file: ${ca}\n`;
};

/** Words whose answers leave nothing to chance. */
const words: readonly (readonly string[])[] = [
  ['get', 'nobody', 'plain'],
  ['set', 'user1', 'plain', '-p', 'password'],
  ['get', 'user1', 'plain'],
  ['create', 'user1', 'mysql'],
  ['create', 'user1', 'sha1'],
  ['formats', 'user1'],
  ['formats', 'nobody'],
  ['set', 'a b/ü', 'mysql', '--no-format', '-p', '*ABC'],
  ['get', 'a b/ü', 'mysql'],
  ['search', 'user'],
  ['search', '^nothing'],
  ['delete', 'user1', 'mysql'],
  ['delete', 'user1', 'mysql'],
  ['delete', 'user1'],
  ['delete', 'user1'],
  ['create', 'pin', 'md6'],
  ['create', 'x', 'x509'],
  ['create', 'x', 'plain', 'profiles: nobody-knows-it'],
  ['create', 'never', 'plain', 'random: false'],
];

for (const [name, configure] of [
  ['over the socket', locally],
  ['over HTTPS', overHttps],
] as const) {
  test(`${name}, the same words get the same answers`, async () => {
    await using scratch = new Scratch();
    const directory = scratch.directory();
    const instance = await startDevInstance(scratch);
    const real = sideWith(realTrocla, path.join(directory, 'real'), yamlStore);
    const ours = sideWith(ourTrocla, path.join(directory, 'ours'), await configure(instance, directory));
    for (const args of words) {
      const [expected, said] = [await real.run(args), await ours.run(args)];
      assert.deepEqual([said.code, said.stdout], [expected.code, expected.stdout], `${args.join(' ')}: ${said.stderr}`);
      assert.equal(said.stderr === '', expected.stderr === '', `${args.join(' ')}: ${said.stderr}`);
    }
    const hash = await ours.run(['create', 'web', 'sha512crypt']);
    const plain = await ours.run(['get', 'web', 'plain']);
    const verdict = await formats
      .get('sha512crypt')
      ?.verify?.(Buffer.from(plain.stdout.trim()), Buffer.from(hash.stdout.trim()));
    assert.equal(verdict?.kind, 'match');
    assert.deepEqual(await ours.run(['create', 'web', 'sha512crypt']), hash);
    assert.match((await ours.run(['create', 'short', 'plain', '{length: 4, charset: numeric}'])).stdout, /^\d{4}\n$/);
    assert.match((await ours.run(['--length', '5', 'create', 'five', 'plain'])).stdout, /^.{5}\n$/);
  });
}

test('a server that is not there, another certificate and a token that may not are named, with the exit code of a failure', async () => {
  await using scratch = new Scratch();
  const directory = scratch.directory();
  const instance = await startDevInstance(scratch);
  const good = await overHttps(instance, directory);
  const table: readonly (readonly [string, RegExp])[] = [
    [good.replace(/:\d+$/m, ':1'), /cannot be asked: ECONNREFUSED/],
    [good.replace(/ {2}ca_file.*\n/, ''), /SELF_SIGNED/],
    [good.replace(/ca_file.*/, `fingerprint: '${'00:'.repeat(31)}00'`), /another certificate/],
    [good.replace(/token_file: \S+/, 'token_file: /nonexistent'), /token_file \/nonexistent cannot be read/],
    [good.replace(/server: \S+/, 'server: http://keys.example.org'), /server is no address/],
    ['store: :chatelaine\nstore_options:\n  config: /nonexistent.toml\n', /nonexistent\.toml/],
    [`compat: trocla\n${good}`, /compat/],
  ];
  for (const [at, [configuration, expected]] of table.entries()) {
    const side = sideWith(ourTrocla, path.join(directory, String(at)), configuration);
    const { code, stdout, stderr } = await side.run(['get', 'x', 'plain']);
    assert.deepEqual([code, stdout], [1, ''], configuration);
    assert.match(stderr, expected);
  }
});
