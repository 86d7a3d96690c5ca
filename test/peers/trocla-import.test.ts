// The store of Ruby's trocla comes into a server and leaves it again, in all four kinds: the same answers everywhere. What cannot be
// read stops everything before anything is stored.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, suite, test } from 'node:test';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';
import { realTrocla, type Side, sideWith, yamlStore } from '../support/trocla-pair.ts';

const sequelStore = `store_options:
  adapter: :Sequel
  adapter_options:
    :db: 'sqlite://DIR/store.sqlite'
    :table: :trocla
`;

const ssl = `encryption: :ssl
encryption_options:
  :private_key: DIR/key.pem
  :public_key: DIR/key.pub
`;

const kinds: Readonly<Record<string, string>> = {
  'in YAML': yamlStore,
  'in YAML, encrypted': yamlStore + ssl,
  'in SQLite': sequelStore,
  'in SQLite, encrypted': sequelStore + ssl,
};

const makeKeys = async (directory: string): Promise<void> => {
  const [secret, open] = [path.join(directory, 'key.pem'), path.join(directory, 'key.pub')];
  await runToSuccess('openssl', ['genrsa', '-traditional', '-out', secret, '2048']);
  await runToSuccess('openssl', ['rsa', '-in', secret, '-pubout', '-out', open]);
};

/** What there is in the store, and how it is asked for. */
const stored = [
  ['user1', 'sha512crypt'],
  ['user1', 'plain'],
  ['mail/a b', 'mysql'],
  ['a//x::y', 'plain'],
  ['Tütü', 'plain'],
  ['legacy', 'sha1'],
  ['odd', 'mysql'],
  ['lasting', 'bcrypt'],
] as const;

const fill = async (side: Side): Promise<void> => {
  const words = [
    ['create', 'user1', 'sha512crypt'],
    ['create', 'mail/a b', 'mysql'],
    ['create', 'a//x::y', 'plain'],
    ['set', 'Tütü', 'plain', '-p', 'geheim-ü'],
    ['create', 'legacy', 'sha1'],
    ['create', 'odd', 'mysql'],
    ['set', 'odd', 'mysql', '--no-format', '-p', '*0000000000000000000000000000000000000000'],
    ['create', 'lasting', 'bcrypt', '{cost: 4, expires: 100000}'],
    ['create', 'short', 'plain', 'expires: 1'],
    ['create', 'two\nlines', 'plain'],
  ];
  for (const args of words) assert.equal((await side.run(args)).code, 0, args.join(' '));
};

const importInto = (instance: DevInstance, { config }: Side, ...more: readonly string[]) =>
  instance.attempt(['password', 'import', '--trocla', config, '-y', ...more]);

for (const [kind, configuration] of Object.entries(kinds)) {
  suite(`a store ${kind}`, () => {
    const scratch = new Scratch();
    after(() => scratch[Symbol.asyncDispose]());

    test('comes in exactly as it is, after it was said what will be done, and goes out again', async () => {
      const directory = scratch.directory();
      const from = sideWith(realTrocla, path.join(directory, 'from'), configuration);
      await makeKeys(from.directory);
      await fill(from);
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      const instance = await startDevInstance(scratch);

      const checked = await importInto(instance, from, '--check', '--json');
      assert.equal(checked.code, 0, checked.stderr);
      const report = JSON.parse(checked.stdout.toString());
      assert.deepEqual([report.stored, report.wanted], [0, 7]);
      const remarks = Object.fromEntries(
        report.remarks.map(({ key, kind: what }: { key: string; kind: string }) => [key, what]),
      );
      assert.deepEqual(remarks, { odd: 'does-not-match', short: 'left-out', 'two\nlines': 'left-out' });
      assert.equal((await instance.run(['password', 'list', '--json'])).trim(), '[]');

      const imported = await importInto(instance, from);
      assert.equal(imported.code, 0, imported.stderr);
      assert.match(imported.stderr, /7 keys were taken over, and each is here as it was read/);
      for (const [key, format] of stored) {
        const real = await from.run(['get', key, format]);
        const ours = await instance.attempt(['password', 'get', key, format]);
        assert.equal(ours.stdout.toString('latin1'), real.stdout, `${key} ${format}`);
      }
      const lasting = JSON.parse(await instance.run(['password', 'show', 'lasting', '--json']));
      assert.equal(lasting.periodSeconds, 100_000);

      const again = await importInto(instance, from);
      assert.match(again.stderr, /0 new, 7 here already, 0 here with other values/);

      const to = sideWith(realTrocla, path.join(directory, 'to'), configuration);
      for (const name of ['key.pem', 'key.pub']) {
        writeFileSync(path.join(to.directory, name), readFileSync(path.join(from.directory, name)));
      }
      await instance.run(['password', 'export', '--trocla', to.config, '-y']);
      for (const [key, format] of stored) {
        assert.deepEqual(await to.run(['get', key, format]), await from.run(['get', key, format]), `${key} ${format}`);
      }
      const full = await instance.attempt(['password', 'export', '--trocla', to.config, '-y']);
      assert.equal(full.code, 5, 'what is there already is not replaced');
    });
  });
}

test('keys that are here with other values stay, unless they are to be replaced', async () => {
  await using scratch = new Scratch();
  const from = sideWith(realTrocla, path.join(scratch.directory(), 'from'), yamlStore);
  await from.run(['set', 'db', 'plain', '-p', 'theirs']);
  await from.run(['set', 'new', 'plain', '-p', 'new']);
  const instance = await startDevInstance(scratch);
  await instance.run(['password', 'set', 'db', 'plain'], { input: 'ours' });
  const first = await importInto(instance, from);
  assert.equal(first.code, 1);
  assert.match(first.stderr, /1 new, 0 here already, 1 here with other values/);
  assert.equal((await instance.run(['password', 'get', 'db', 'plain'])).trim(), 'ours');
  assert.equal((await instance.run(['password', 'get', 'new', 'plain'])).trim(), 'new');
  assert.equal((await importInto(instance, from, '--replace')).code, 0);
  assert.equal((await instance.run(['password', 'get', 'db', 'plain'])).trim(), 'theirs');
  await instance.run(['password', 'roll-back', 'db', '1']);
  assert.equal((await instance.run(['password', 'get', 'db', 'plain'])).trim(), 'ours');
});

test('a wrong key, a file that was cut off and no configuration are named, and nothing is stored', async () => {
  await using scratch = new Scratch();
  const directory = scratch.directory();
  const encrypted = sideWith(realTrocla, path.join(directory, 'encrypted'), yamlStore + ssl);
  await makeKeys(encrypted.directory);
  await encrypted.run(['create', 'a', 'plain']);
  await makeKeys(encrypted.directory);
  const cut = sideWith(realTrocla, path.join(directory, 'cut'), yamlStore);
  writeFileSync(path.join(cut.directory, 'store.yaml'), '---\na:\n  plain: "not to the en');
  const instance = await startDevInstance(scratch);
  const wrongKey = await importInto(instance, encrypted);
  assert.equal(wrongKey.code, 5, wrongKey.stderr);
  assert.match(wrongKey.stderr, /decrypted/);
  const cutOff = await importInto(instance, cut);
  assert.equal(cutOff.code, 5, cutOff.stderr);
  assert.match(cutOff.stderr, /store\.yaml/);
  const absent = await importInto(instance, { ...cut, config: path.join(directory, 'none.yaml') });
  assert.equal(absent.code, 5);
  assert.match(absent.stderr, /ENOENT/);
  assert.equal((await instance.run(['password', 'list', '--json'])).trim(), '[]');
});
