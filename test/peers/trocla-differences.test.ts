// Where ours differs from the original on purpose (docs/trocla-compatibility.md): what the original does, what ours does instead, and
// that `compat: trocla` brings the original's way back.

import assert from 'node:assert/strict';
import { chmodSync, chownSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, suite, test } from 'node:test';
import { Scratch } from '../support/scratch.ts';
import { ourTrocla, type Said, sideWith, TroclaPair, yamlStore } from '../support/trocla-pair.ts';

const compat = `compat: trocla\n${yamlStore}`;

suite('where trocla is safer than the original', () => {
  const scratch = new Scratch();
  after(() => scratch[Symbol.asyncDispose]());

  const refuses = (said: Said, words: RegExp): void => {
    assert.equal(said.code, 1);
    assert.match(said.stderr, /^Action failed with the following message: /);
    assert.match(said.stderr, words);
  };

  /** Both are brought to the same state; the third is ours with `compat: trocla`. */
  const three = () => {
    const pair = new TroclaPair(scratch);
    const faithful = new TroclaPair(scratch, compat);
    const prepare = async (args: readonly string[]): Promise<void> => {
      for (const side of [pair.real, pair.ours, faithful.ours])
        assert.equal((await side.run(args)).code, 0, args.join(' '));
    };
    return { ...pair, real: pair.real, ours: pair.ours, faithful: faithful.ours, prepare };
  };

  test('a new hash after the plain password was deleted does not wipe the hashes in use', async () => {
    for (const args of [
      ['create', 'k', 'sha1'],
      ['create', 'k', 'plain'],
      ['reset', 'k', 'sha1'],
      ['create', 'k', 'wireguard'],
    ]) {
      const { real, ours, faithful, prepare } = three();
      await prepare(['set', 'k', 'plain', '-p', 'secret']);
      await prepare(['create', 'k', 'mysql']);
      await prepare(['delete', 'k', 'plain']);
      const before = await ours.run(['delete', 'nothing', 'plain']);
      assert.equal(before.code, 1);
      const said = await ours.run(args);
      if (args[2] === 'wireguard') assert.equal(said.code, 0);
      else refuses(said, /plain password of k is not stored any more.*mysql.*reset k plain/);
      assert.equal((await ours.run(['get', 'k', 'mysql'])).stdout, '*14E65567ABDB5135D0CFD9A70B3032C179A49EE7\n');
      for (const side of [real, faithful]) {
        assert.equal((await side.run(args)).code, 0);
        assert.equal((await side.run(['get', 'k', 'mysql'])).code, 1);
      }
    }
  });

  test('a create that fails leaves no password behind, and a reset that fails leaves the old value', async () => {
    const { real, ours, faithful, prepare } = three();
    for (const side of [real, ours, faithful])
      assert.equal((await side.run(['create', 'k', 'pgsql', 'encode: md5'])).code, 1);
    assert.equal((await ours.run(['formats', 'k'])).code, 1);
    for (const side of [real, faithful]) assert.equal((await side.run(['formats', 'k'])).stdout, 'plain\n');
    await prepare(['set', 'r', 'pgsql', '-p', 'x']);
    await prepare(['set', 'r2', 'plain', '-p', 'x']);
    await prepare(['create', 'r2', 'pgsql']);
    for (const side of [real, ours, faithful])
      assert.equal((await side.run(['reset', 'r2', 'pgsql', 'encode: md5'])).code, 1);
    assert.equal((await ours.run(['formats', 'r2'])).stdout, 'plain, pgsql\n');
    for (const side of [real, faithful]) assert.equal((await side.run(['formats', 'r2'])).stdout, 'plain\n');
  });

  test('an empty password is not stored: not from an empty stdin, not from -p, not from a length of 0', async () => {
    const { real, ours, faithful } = three();
    const ways: readonly (readonly string[])[] = [
      ['set', 'k', 'plain'],
      ['set', 'k', 'plain', '-p'],
      ['set', 'k', 'plain', '-p', ''],
      ['set', 'k', 'plain', '--password='],
      ['create', 'k2', 'plain', '--length', '0'],
      ['create', 'k3', 'plain', '--length', 'abc'],
    ];
    for (const args of ways) {
      refuses(await ours.run(args), /empty/);
      assert.equal((await ours.run(['search', args[1] ?? ''])).code, 1);
      const original = await real.run(args);
      assert.equal(original.code, 0);
      assert.deepEqual(await faithful.run(args), original);
    }
  });

  test('an alphabet that does not exist is refused instead of exchanged', async () => {
    const { real, ours, faithful } = three();
    refuses(await ours.run(['create', 'k', 'plain', 'charset: nope']), /charset: none of default, alphanumeric/);
    for (const side of [real, faithful])
      assert.equal((await side.run(['create', 'k', 'plain', 'charset: nope'])).stdout.length, 17);
  });

  test('key material that cannot be read is refused instead of exchanged', async () => {
    const { real, ours, faithful } = three();
    for (const format of ['sshkey', 'wireguard']) {
      refuses(await ours.run(['set', 'k', format, '-p', 'no key']), /no private key/i);
      assert.equal((await ours.run(['formats', 'k'])).code, 1);
      for (const side of [real, faithful]) {
        assert.equal((await side.run(['set', 'k', format, '-p', 'no key'])).code, 0);
        assert.equal((await side.run(['get', 'k', format])).code, 0);
      }
    }
  });

  test('a password longer than what bcrypt looks at is refused instead of cut', async () => {
    const { real, ours, faithful } = three();
    refuses(await ours.run(['set', 'k', 'bcrypt', 'cost: 4', '-p', 'x'.repeat(73)]), /72 bytes/);
    for (const side of [real, faithful]) {
      assert.equal((await side.run(['set', 'k', 'bcrypt', 'cost: 4', '-p', 'x'.repeat(73)])).code, 0);
    }
  });

  test('an option that nothing looks at is refused', async () => {
    const { real, ours, faithful } = three();
    const args = ['create', 'k', 'x509', '{CN: a.test, serial: 5, keysize: 1024}'];
    refuses(await ours.run(args), /serial: .*no effect/);
    for (const side of [real, faithful]) assert.equal((await side.run(args)).code, 0);
  });

  test('a store that somebody else put into a directory for everybody is not used', async () => {
    const directory = scratch.directory();
    chmodSync(directory, 0o1777);
    const file = path.join(directory, 'store.yaml');
    writeFileSync(file, '---\nk:\n  plain: planted\n');
    chownSync(file, 65_534, 65_534);
    const side = sideWith(ourTrocla, scratch.directory(), yamlStore.replace('DIR', directory));
    refuses(await side.run(['get', 'k', 'plain']), /belongs to somebody else/);
    const faithful = sideWith(ourTrocla, scratch.directory(), compat.replace('DIR', directory));
    assert.equal((await faithful.run(['get', 'k', 'plain'])).stdout, 'planted\n');
  });

  test('two at once get one answer', async () => {
    const { ours } = three();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => ours.run(['create', 'k', index % 2 === 0 ? 'mysql' : 'plain'])),
    );
    assert.equal(new Set(answers.map(({ stdout }) => stdout)).size, 2);
  });

  test('deleting an expiring key of an encrypted store shows what was in it', async () => {
    const configuration = `${yamlStore}encryption: :ssl\nencryption_options:\n  :private_key: DIR/key.pem\n  :public_key: DIR/key.pub\n`;
    const side = sideWith(ourTrocla, scratch.directory(), configuration);
    const { runToSuccess } = await import('../support/run-program.ts');
    const key = path.join(side.directory, 'key.pem');
    await runToSuccess('openssl', ['genrsa', '-traditional', '-out', key, '2048']);
    await runToSuccess('openssl', ['rsa', '-in', key, '-pubout', '-out', path.join(side.directory, 'key.pub')]);
    const plain = (await side.run(['create', 'k', 'plain', '{expires: 3600, charset: numeric}'])).stdout.trim();
    assert.equal((await side.run(['delete', 'k'])).stdout, `{"plain"=>"${plain}", "_expires"=>3600}\n`);
  });

  test('new stores are for their owner alone; the original leaves that to the umask', async () => {
    const { real, ours, faithful, prepare } = three();
    await prepare(['set', 'k', 'plain', '-p', 'x']);
    const modeOf = (directory: string) => statSync(path.join(directory, 'store.yaml')).mode & 0o777;
    assert.equal(modeOf(ours.directory), 0o600);
    assert.equal(modeOf(faithful.directory), modeOf(real.directory));
  });

  test('what is not supported is refused by its name, and nothing is made', async () => {
    const configurations: readonly (readonly [string, RegExp])[] = [
      ['store: :vault\n', /Store vault is not supported by trocla of Chatelaine: supported are /],
      ['store_options:\n  adapter: :Redis\n', /The adapter Redis is not supported/],
      [
        "store_options:\n  adapter: :Sequel\n  adapter_options:\n    :db: 'mysql2://localhost/trocla'\n",
        /this database is not supported/,
      ],
      [`${yamlStore}hooks:\n  set:\n    a: /etc/a.rb\n`, /hooks are configured.*nothing was changed/],
      [`compat: nope\n${yamlStore}`, /compat in the configuration is neither safe nor trocla/],
    ];
    for (const [configuration, words] of configurations) {
      const side = sideWith(ourTrocla, scratch.directory(), configuration);
      refuses(await side.run(['create', 'k', 'plain']), words);
      assert.equal(existsSync(path.join(side.directory, 'store.yaml')), false);
    }
  });

  test('with hooks configured, looking still works', async () => {
    const side = sideWith(ourTrocla, scratch.directory(), `${yamlStore}hooks:\n  set:\n    a: /etc/a.rb\n`);
    writeFileSync(path.join(side.directory, 'store.yaml'), '---\nk:\n  plain: x\n');
    assert.equal((await side.run(['get', 'k', 'plain'])).stdout, 'x\n');
    assert.equal((await side.run(['create', 'k', 'plain'])).stdout, 'x\n');
    refuses(await side.run(['delete', 'k']), /hooks/);
    assert.equal(readFileSync(path.join(side.directory, 'store.yaml'), 'utf8'), '---\nk:\n  plain: x\n');
  });

  test('help names every option, the version is the release whose behaviour it is, and formats lists more', async () => {
    const pair = new TroclaPair(scratch);
    const { real, ours } = await pair.both(['--help']);
    const options = ({ stdout }: Said) => stdout.split('\n').map((line) => line.slice(0, 36).trimEnd());
    assert.deepEqual(options(ours), options(real));
    assert.equal((await pair.ours.run(['-V'])).stdout, '0.10.0\n');
    const list = ({ stdout }: Said) => stdout.replace('Available formats: ', '').trim().split(', ');
    const formats = await pair.both(['formats']);
    for (const format of list(formats.real)) assert.ok(list(formats.ours).includes(format), format);
    assert.deepEqual(list(formats.ours), list(formats.ours).toSorted());
  });

  test('--trace says more, and changes nothing else', async () => {
    const pair = new TroclaPair(scratch);
    const { real, ours } = await pair.both(['create', 'k', 'mysql', '--no-random', '--trace']);
    assert.equal(ours.code, real.code);
    assert.deepEqual(ours.stderr.split('\n').slice(0, 2), real.stderr.split('\n').slice(0, 2));
    assert.ok(ours.stderr.split('\n').length > 3);
  });
});
