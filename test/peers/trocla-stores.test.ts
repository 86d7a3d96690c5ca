// Ruby's trocla and ours on the same store, in turns: whatever one writes, the other reads; neither loses the other's changes; and
// ours reads and writes whatever Ruby's YAML library does.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, suite, test } from 'node:test';
import { noCipher, YamlFileStore } from '@chatelaine/passwords/trocla';
import { runProgram, runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';
import { ourTrocla, realTrocla, type Side, sideWith, yamlStore } from '../support/trocla-pair.ts';

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

const oddKeys = ['plain', 'a/b c', '123', 'ключ', "it's", 'multi\nline', 'k'.repeat(150), '~'];
const oddValues = [
  'CR}Dd6M+jDWc]}Rj',
  '12e3',
  '0o7',
  '1_000',
  'yes',
  '~',
  ':sym',
  '2020-01-01',
  ' lead and trail ',
  'two\nlines\n',
  '\nfirst empty',
  '  indented\nblock',
  'ends\n\n\n',
  'tab\there',
  'Tütü-π€',
  '\u0001\u007f\u0085\u2028',
  'it\'s "quoted" #{x} # y: z',
  'a line of words that is long enough for the writer of the file to fold it somewhere near the eightieth column',
  '-----BEGIN X-----\nAAAA\n-----END X-----\n',
  '<<',
  '=',
  '0x1f',
  '1:30',
  '!tag',
  '&a',
  '*a',
  '| x',
  '? x',
  '- x',
];

suite('the original and ours take turns on a store', () => {
  const scratch = new Scratch();
  after(() => scratch[Symbol.asyncDispose]());

  /** Both commands on one directory, with one store. */
  const sharing = async (configuration: string): Promise<{ directory: string; real: Side; ours: Side }> => {
    const directory = scratch.directory();
    await runToSuccess('openssl', ['genrsa', '-traditional', '-out', path.join(directory, 'key.pem'), '2048']);
    await runToSuccess('openssl', [
      'rsa',
      '-in',
      path.join(directory, 'key.pem'),
      '-pubout',
      '-out',
      path.join(directory, 'key.pub'),
    ]);
    return {
      directory,
      real: sideWith(realTrocla, directory, configuration),
      ours: sideWith(ourTrocla, directory, configuration),
    };
  };

  for (const [kind, configuration] of Object.entries(kinds)) {
    test(kind, async () => {
      const { real, ours } = await sharing(configuration);
      const sides = [real, ours] as const;
      const pairs = oddKeys.map((key, index) => [key, oddValues[(index * 7) % oddValues.length] ?? ''] as const);
      for (const [index, [key, value]] of pairs.entries()) {
        const [writer, reader] = index % 2 === 0 ? sides : [ours, real];
        assert.equal((await writer.run(['set', '-p', '--', key, 'plain'].toSpliced(1, 1, `-p${value}`))).code, 0, key);
        const got = await reader.run(['get', '--', key, 'plain']);
        const expected = Buffer.from(value.endsWith('\n') ? value : `${value}\n`).toString('latin1');
        assert.deepEqual(got, { code: 0, stdout: expected, stderr: '' }, key);
      }
      const hash = await ours.run(['create', 'turn', 'sha512crypt']);
      assert.equal(hash.code, 0);
      assert.deepEqual(await real.run(['create', 'turn', 'sha512crypt']), hash);
      const mysql = await real.run(['create', 'turn', 'mysql']);
      assert.deepEqual(await ours.run(['create', 'turn', 'mysql']), mysql);
      assert.deepEqual(await ours.run(['formats', 'turn']), await real.run(['formats', 'turn']));
      assert.equal((await ours.run(['create', 'gone', 'plain', 'expires: 3600'])).code, 0);
      assert.equal((await real.run(['formats', 'gone'])).stdout, 'plain, _expires\n');
      assert.equal((await real.run(['create', 'gone', 'mysql'])).code, 0);
      assert.equal((await ours.run(['formats', 'gone'])).stdout, 'plain, _expires, mysql\n');
      const removed = await ours.run(['delete', 'turn', 'mysql']);
      assert.deepEqual({ ...removed }, mysql);
      assert.equal((await real.run(['get', 'turn', 'mysql'])).code, 1);
      assert.equal((await ours.run(['create', 'short', 'plain', 'expires: 0.3'])).code, 0);
      await new Promise((resolve) => setTimeout(resolve, 600));
      assert.equal((await real.run(['get', 'short', 'plain'])).code, 1);
      for (const [key, value] of pairs) {
        const expected = Buffer.from(value.endsWith('\n') ? value : `${value}\n`).toString('latin1');
        for (const side of sides) assert.equal((await side.run(['get', '--', key, 'plain'])).stdout, expected, key);
      }
      for (const [key] of pairs) {
        const own = await ours.run(['delete', '--', key]);
        assert.equal(own.code, 0);
        assert.equal((await real.run(['delete', '--', key])).stdout, '{}\n', key);
      }
    });
  }

  test('the YAML file stays the same file, and nothing is left beside it', async () => {
    const { directory, real, ours } = await sharing(yamlStore);
    const file = path.join(directory, 'store.yaml');
    await real.run(['set', 'a', 'plain', '-p', 'x']);
    const { ino } = statSync(file);
    await ours.run(['set', 'b', 'plain', '-p', 'y']);
    await ours.run(['set', 'a', 'plain', '-p', 'longer than before']);
    assert.equal(statSync(file).ino, ino);
    assert.equal(existsSync(`${file}.chatelaine-recovery`), false);
    assert.equal((await real.run(['get', 'a', 'plain'])).stdout, 'longer than before\n');
  });

  test('many at once, from both: every key has one answer, and none is lost', async () => {
    const { real, ours } = await sharing(yamlStore);
    const jobs = Array.from({ length: 24 }, (_, index) => ({ side: index % 2 === 0 ? ours : real, key: `k${index}` }));
    const made = await Promise.all(jobs.map(({ side, key }) => side.run(['create', key, 'plain'])));
    for (const [index, { key }] of jobs.entries()) {
      assert.equal(made[index]?.code, 0, made[index]?.stderr);
      assert.equal((await ours.run(['get', key, 'plain'])).stdout, made[index]?.stdout, key);
    }
    const same = await Promise.all(Array.from({ length: 12 }, () => ours.run(['create', 'same', 'sha256crypt'])));
    assert.equal(new Set(same.map(({ stdout }) => stdout)).size, 1);
  });

  test('while Ruby holds its lock, ours waits; while ours is stopped, nothing is torn', async () => {
    const { directory, real, ours } = await sharing(yamlStore);
    await real.run(['set', 'a', 'plain', '-p', 'x']);
    const holder = spawn(
      'ruby',
      [
        '-ryaml/store',
        '-e',
        's = YAML::Store.new(ARGV[0]); s.transaction { s["b"] = {"plain" => "ruby"}; puts "held"; $stdout.flush; $stdin.gets }',
        path.join(directory, 'store.yaml'),
      ],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    scratch.atEnd(() => holder.kill('SIGKILL'));
    await once(holder.stdout, 'data');
    let isDone = false;
    const waiting = ours.run(['set', 'c', 'plain', '-p', 'ours']).then((said) => {
      isDone = true;
      return said;
    });
    const reading = ours.run(['get', 'b', 'plain']);
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.equal(isDone, false);
    holder.stdin.end('\n');
    assert.equal((await waiting).code, 0);
    assert.equal((await reading).stdout, 'ruby\n');
    for (const [key, value] of [
      ['a', 'x'],
      ['b', 'ruby'],
      ['c', 'ours'],
    ] as const) {
      assert.equal((await real.run(['get', key, 'plain'])).stdout, `${value}\n`);
    }
  });

  test('whatever Ruby writes is read, and whatever is written Ruby reads: a thousand odd texts', async () => {
    const directory = scratch.directory();
    const file = path.join(directory, 'store.yaml');
    const script = `
      require 'yaml/store'; require 'json'; require 'base64'
      r = Random.new(20261125)
      odd = ['"', "'", ':', ': ', '#', ' #', "\\n", ' ', '-', '- ', '?', '|', '>', '{', '}', '[', ']', ',', '&', '*', '!', '%', '@', 'a', 'Zed', '0', '1', '_', '.', 'e', '~', "\\t", 'ü', '€', "\\x01", '<<', '=', 'word ' * 20]
      text = -> { Array.new(r.rand(1..7)) { odd[r.rand(odd.size)] }.join }
      h = {}
      500.times { h[text.()] = r.rand(5) == 0 ? [{'plain' => text.(), '_expires' => 5}, Rational(r.rand(10**19), 10**9)] : {'plain' => text.(), 'mysql' => text.()} }
      250.times { |i| h["key#{i}"] = {'plain' => text.(), 'raw' => r.bytes(r.rand(1..90)), 'x509' => "-----BEGIN-----\\n#{text.()}\\n"} }
      s = YAML::Store.new(ARGV[0]); s.transaction { h.each { |k, v| s[k] = v } }
      out = h.map { |k, v| [k, (v.is_a?(Array) ? v[0] : v).reject { |f, _| f == '_expires' }.transform_values { |x| Base64.strict_encode64(x) }] }
      puts JSON.generate(out)`;
    const expected: readonly [string, Record<string, string>][] = JSON.parse(
      await runToSuccess('ruby', ['-e', script, file]),
    );
    const store = new YamlFileStore({ file, cipher: noCipher, newFileMode: 0o600 });
    for (const [index, [key, formats]] of expected.entries()) {
      if (index % 15 !== 0) continue;
      const record = await store.read(key);
      const found = Object.fromEntries(
        [...(record?.values ?? [])].map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
      );
      assert.deepEqual(found, formats, JSON.stringify(key));
    }
    for (const [index, [key]] of expected.entries()) {
      if (index % 50 !== 0) continue;
      const value = Buffer.from(expected[index + 1]?.[1]['plain'] ?? 'x', 'base64');
      await store.update(key, () => ({
        kind: 'put',
        record: { values: new Map([['ours', value]]) },
        result: undefined,
      }));
      formatsOf(expected, index)['ours'] = value.toString('base64');
    }
    const check = `
      require 'yaml/store'; require 'json'; require 'base64'
      s = YAML::Store.new(ARGV[0])
      puts JSON.generate(s.transaction(true) { s.roots.map { |k| v = s[k]; [k, (v.is_a?(Array) ? v[0] : v).reject { |f, _| f == '_expires' }.transform_values { |x| Base64.strict_encode64(x) }] } })`;
    assert.deepEqual(JSON.parse(await runToSuccess('ruby', ['-e', check, file])), expected);
  });

  test('a key as long as a command line may hold', async () => {
    const { real, ours } = await sharing(yamlStore);
    for (const length of [127, 128, 129, 1_000, 1_024, 1_025, 100_000]) {
      const key = 'k'.repeat(length);
      const [writer, reader] = length % 2 === 0 ? [real, ours] : [ours, real];
      assert.equal((await writer.run(['set', key, 'plain', '-p', `of ${length}`])).code, 0);
      assert.equal((await reader.run(['get', key, 'plain'])).stdout, `of ${length}\n`);
      assert.equal((await reader.run(['set', key, 'mysql', '-p', 'x'])).code, 0);
      assert.equal((await writer.run(['formats', key])).stdout, 'plain, mysql\n');
    }
  });

  test('what a crash left is repaired by the next call, before Ruby sees it', async () => {
    const { directory, real, ours } = await sharing(yamlStore);
    const file = path.join(directory, 'store.yaml');
    await real.run(['set', 'a', 'plain', '-p', 'x']);
    const old = readFileSync(file);
    // Killed at its first write to the store itself.
    const traced = await runProgram(
      'strace',
      [
        '-f',
        '-o',
        '/dev/null',
        '-e',
        'trace=ftruncate',
        '-e',
        'inject=ftruncate:signal=SIGKILL',
        path.join(directory, '..', '..', ourTrocla),
        '-c',
        ours.config,
        'set',
        'a',
        'plain',
        '-p',
        'y',
      ],
      { env: { HOME: directory } },
    );
    assert.notEqual(traced.code, 0);
    assert.equal(existsSync(`${file}.chatelaine-recovery`), true);
    writeFileSync(file, Buffer.concat([readFileSync(file).subarray(0, 9), old.subarray(9)]));
    assert.match((await ours.run(['get', 'a', 'plain'])).stdout, /^[xy]\n$/);
    assert.equal(existsSync(`${file}.chatelaine-recovery`), false);
    assert.match((await real.run(['get', 'a', 'plain'])).stdout, /^[xy]\n$/);
  });
});

const formatsOf = (entries: readonly [string, Record<string, string>][], index: number): Record<string, string> => {
  const entry = entries[index];
  assert.ok(entry !== undefined);
  for (const name of Object.keys(entry[1])) delete entry[1][name];
  return entry[1];
};
