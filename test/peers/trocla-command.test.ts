// The real trocla of Debian and ours, with the same words: the same output, messages and exit codes. Each table is one session on a
// store of its own. What differs on purpose stands in docs/trocla-compatibility.md, and in `trocla-differences.test.ts`.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, suite, test } from 'node:test';
import { Scratch } from '../support/scratch.ts';
import { TroclaPair, yamlStore } from '../support/trocla-pair.ts';

/** The words, and what stdin holds. */
type Row = readonly [args: readonly string[], input?: string];

suite('trocla says what the original says', () => {
  const scratch = new Scratch();
  after(() => scratch[Symbol.asyncDispose]());

  const session = async (rows: readonly Row[], configuration: string = yamlStore): Promise<void> => {
    const pair = new TroclaPair(scratch, configuration);
    for (const [args, input] of rows) await pair.same(args, input === undefined ? {} : { input });
  };

  test('when it is called wrongly', () =>
    session([
      [[]],
      [['bogus']],
      [['CREATE', 'k', 'plain']],
      [['create']],
      [['create', 'k']],
      [['get', 'k']],
      [['set', 'k']],
      [['reset', 'k']],
      [['create', 'k', 'nope']],
      [['get', 'k', 'nope']],
      [['set', 'k', 'nope', '-p', 'x']],
      [['reset', 'k', 'nope']],
      [['create', 'k', 'nope', '{']],
      [['get', 'n', 'plain', '--config=/nope']],
      [['get', 'n', 'plain', '-c/nope']],
      [['get', 'n', 'plain', '-c', '/nope', '-c', 'DIR/troclarc.yaml']],
    ]));

  test('about a key that is not there', () =>
    session([
      [['get', 'k', 'plain']],
      [['formats', 'k']],
      [['delete', 'k']],
      [['delete', 'k', 'plain']],
      [['delete', 'k', 'nope']],
      [['search', 'x']],
      [['search']],
      [['create', 'u', 'mysql', '--no-random']],
      [['create', 'u', 'mysql', '{random: no}']],
      [['create', 'u', 'mysql', 'random: false']],
      [['create', 'u', 'plain', '{profiles: nope}']],
      [['create', 'u', 'plain', '{profiles: [nope, mysql]}']],
      [['formats', 'u']],
    ]));

  test('from a set password through its formats to its end', () =>
    session([
      [['set', 'k', 'plain', '-p', 'secret']],
      [['get', 'k', 'plain']],
      [['create', 'k', 'plain']],
      [['create', 'k', 'mysql']],
      [['create', 'k', 'sha1']],
      [['get', 'k', 'sha1']],
      [['create', 'k', 'pgsql', '{encode: md5, username: joe}']],
      [['get', 'k', 'pgsql']],
      [['create', 'k', 'mysql', '{profiles: nope}']],
      [['reset', 'k', 'mysql']],
      [['formats', 'k']],
      [['delete', 'k', 'mysql']],
      [['delete', 'k', 'mysql']],
      [['formats', 'k']],
      [['delete', 'k']],
      [['delete', 'k']],
      [['set', 'm', 'mysql', '-p', 'secret']],
      [['formats', 'm']],
      [['set', 'm', 'ssha', 'salt: abc', '-p', 'x']],
      [['get', 'm', 'ssha']],
      [['set', 'm', 'ssha', `salt: ${'y'.repeat(80)}`, '-p', 'password']],
      [['get', 'm', 'ssha']],
      [['set', 'm', 'pgsql', '{encode: md5, username: joe}', '-p', 'x']],
      [['set', 'm', 'mysql', '--no-format', '-p', 'verbatim']],
      [['get', 'm', 'mysql']],
      [['set', 'm', 'plain', '-p', 'new']],
      [['formats', 'm']],
    ]));

  test('wherever the password for set comes from', () =>
    session([
      [['set', 'n', 'plain', '-p'], 'from stdin\n'],
      [['get', 'n', 'plain']],
      [['set', 'n', 'plain', '-p'], 'two\n\n'],
      [['get', 'n', 'plain']],
      [['set', 'n', 'plain', '-p'], 'crlf\r\n'],
      [['get', 'n', 'plain']],
      [['set', 'n', 'plain', '-p'], 'cr\r'],
      [['get', 'n', 'plain']],
      [['set', 'n', 'plain'], 'foo\nfoo\n'],
      [['get', 'n', 'plain']],
      [['set', 'n', 'plain'], '  foo \nfoo\n'],
      [['get', 'n', 'plain']],
      [['set', 'n', 'plain'], 'foo\nbar\n'],
      [['set', 'n', 'plain'], 'x'],
      [['set', 'n', 'plain'], 'tüt\ntüt\n'],
      [['get', 'n', 'plain']],
      [['set', 'n', 'plain', '-pPW']],
      [['set', 'n', 'plain', '--password=PW2']],
      [['get', 'n', 'plain']],
      [['set', '-p', 'x1', 'n', 'plain']],
      [['get', 'n', 'plain']],
      [['set', 'n', 'plain', '-p=foo']],
      [['get', 'n', 'plain']],
      [['set', 'n', 'plain', '--pass', 'p3']],
      [['get', 'n', 'plain']],
    ]));

  test('however options are spelled, and wherever they stand', () =>
    session([
      [['set', 'n', 'plain', '-p', 'x']],
      [['get', 'n', 'plain', '--len', '5']],
      [['get', 'n', 'plain', '-l5']],
      [['get', 'n', 'plain', '-l', '5']],
      [['get', 'n', 'plain', '-t']],
      [['--NO-RANDOM', 'get', 'n', 'plain']],
      [['--Length=3', 'get', 'n', 'plain']],
      [['--length', '-5', 'get', 'n', 'plain']],
      [['-length=5', 'get', 'n', 'plain']],
      [['get', 'n', 'plain', '--conf', 'DIR/troclarc.yaml']],
      [['-cDIR/troclarc.yaml', 'get', 'n', 'plain']],
      [['-c=DIR/troclarc.yaml', 'get', 'n', 'plain']],
      [['-config', 'DIR/troclarc.yaml', 'get', 'n', 'plain']],
      [['get', '--', 'n', 'plain']],
      [['get', 'n', '--', 'plain']],
      [['--', 'get', 'n', 'plain']],
      [['get', 'n', 'plain', '{}', 'extra', 'words']],
    ]));

  test('with POSIXLY_CORRECT, where options come first', async () => {
    const pair = new TroclaPair(scratch);
    const env = { POSIXLY_CORRECT: '1' };
    await pair.same(['-p', 'x', 'set', 'k', 'plain'], { env });
    await pair.same(['get', 'k', 'plain', '--bogus'], { env });
  });

  test('when options cannot be understood: no output, the same words, exit code 1', async () => {
    const pair = new TroclaPair(scratch);
    await pair.same(['set', 'n', 'plain', '-p', 'x']);
    const wrong = [
      ['--bogus'],
      ['--no'],
      ['--length'],
      ['get', '-c'],
      ['-x'],
      ['-n'],
      ['-r'],
      ['--random'],
      ['--rand'],
      ['--trace=foo'],
      ['--version=3'],
      ['get', 'n', 'plain', '-trace'],
      ['set', 'n', 'plain', '-p', '-x'],
      ['set', '-- dash', 'plain', '-p', 'x'],
    ];
    for (const args of wrong) {
      const { real, ours } = await pair.both(args);
      const [, words = 'nothing'] =
        /: ((?:in|am|mis|need)\w+ (?:option|argument): [^\n]*?) \(OptionParser::/.exec(real.stderr) ?? [];
      assert.deepEqual({ ...ours, stderr: '' }, { ...real, stderr: '' }, args.join(' '));
      assert.equal(ours.stderr, `trocla: ${words}\n`, args.join(' '));
    }
  });

  test('about options in YAML', () =>
    session([
      [['set', 'n', 'plain', '-p', 'x']],
      ...['', '~', 'null', 'false', '{}', 'a: 1', '{"render": {"x": true}}', '---', '--- {a: 1}\n...'].map(
        (yaml): Row => [['get', 'n', 'plain', '--', yaml]],
      ),
      ...['foo', '5', '5.5', '1:30', '010', '[1]', 'true', 'yes', '08', '1e3', '.5', '"5"', '- a'].map(
        (yaml): Row => [['get', 'n', 'plain', '--', yaml]],
      ),
      ...[':a: 4', 'a: :b', 'a: 2020-01-01', 'a: 2020-01-01 10:00:00', '!ruby/object:Foo {}', 'a: &x 1\nb: *x'].map(
        (yaml): Row => [['get', 'n', 'plain', yaml]],
      ),
      [['create', 'n', 'plain', 'foo']],
      [['reset', 'n', 'plain', '[1]']],
      [['formats', 'n', 'x', 'foo']],
      [['formats', 'n', 'x', '{}']],
    ]));

  test('about what YAML 1.1 makes of numbers and truths', async () => {
    const pair = new TroclaPair(scratch);
    const lengths = ['010', '0x1f', '0b11', '1_0', '1,0', '0:12', '08', '7.9', '"9"', '9abc', '1e1'];
    for (const [index, length] of lengths.entries()) {
      const { real, ours } = await pair.both(['create', `k${index}`, 'plain', `{length: ${length}, charset: numeric}`]);
      const shape = ({ code, stdout }: typeof real) => ({ code, stdout: stdout.replaceAll(/\d/g, '0') });
      assert.deepEqual(shape(ours), shape(real), length);
    }
    for (const word of ['no', 'NO', 'off', 'False', 'false', '~']) {
      await pair.same(['create', 'none', 'plain', `random: ${word}`]);
    }
  });

  test('with keys and values of every kind', () =>
    session([
      [['set', 'k', 'plain', '-p', 'a"b\\c#{d}#e$\tx#$y#@z']],
      [['delete', 'k']],
      [['set', 'k', 'plain', '-p'], 'line1\nline2\n\n'],
      [['get', 'k', 'plain']],
      [['delete', 'k']],
      [['set', 'k', 'plain', '-p', 'Tütü-π€']],
      [['get', 'k', 'plain']],
      [['create', 'k', 'mysql']],
      [['create', 'k', 'sha1']],
      [['delete', 'k']],
      [['set', 'k', 'plain', '-p'], 'nul\0x\u0001\u007f\u001b'],
      [['get', 'k', 'plain']],
      [['delete', 'k']],
      [['set', 'k/ey with: odd #chars', 'plain', '-p', 'yes']],
      [['set', '123', 'plain', '-p', '12e3']],
      [['set', 'yes', 'plain', '-p', '0o7']],
      [['set', 'ключ', 'plain', '-p', '1_000']],
      [['set', 'a::b', 'plain', '-p', '~']],
      [['set', "'q'", 'plain', '-p', 'null']],
      [['set', '"dq"', 'plain', '-p', '| x']],
      [['set', ' sp ', 'plain', '-p', ' lead']],
      [['set', 'e', 'plain', '-p', '2020-01-01']],
      [['set', '#h', 'plain', '-p', ':sym']],
      [['set', '{f}', 'plain', '-p', '? x']],
      [['set', 'multi\nline', 'plain', '-p', '& x']],
      [
        [
          'set',
          'k'.repeat(140),
          'plain',
          '-p',
          'words in a line that is long enough for the writer of the file to fold it somewhere near the eightieth column',
        ],
      ],
      ...[
        'k/ey with: odd #chars',
        '123',
        'yes',
        'ключ',
        'a::b',
        "'q'",
        '"dq"',
        ' sp ',
        'e',
        '#h',
        '{f}',
        'multi\nline',
        'k'.repeat(140),
      ].map((key): Row => [['get', key, 'plain']]),
      [['set', '', 'plain', '-p', 'x']],
      [['get', '', 'plain']],
      [['delete']],
      [['delete', '']],
      ...[
        '',
        '^\\w+$',
        '[[:digit:]]',
        '\\Ak',
        "q'\\z",
        'a:{2}b',
        '(?i)^YES',
        'a{,3}x',
        '\\h+',
        '^line',
        '(',
        '*',
        '[',
      ].map((pattern): Row => [['search', pattern]]),
      [['delete', "'q'"]],
      [['delete', 'multi\nline', 'plain']],
      [['search']],
    ]));

  test('about formats whose names are typed in another case', () =>
    session([
      [['set', 'n', 'MySQL', '-p', 'x']],
      [['formats', 'n']],
      [['get', 'n', 'MySQL']],
      [['get', 'n', 'mysql']],
      [['set', 'n', 'PLAIN', '-p', 'y']],
      [['formats', 'n']],
      [['get', 'n', 'plain']],
      [['delete', 'n']],
    ]));

  test('about keys that expire', async () => {
    const pair = new TroclaPair(scratch);
    await pair.same(['set', 'a', 'plain', '-p', 'x']);
    await pair.same(['create', 'a', 'mysql', 'expires: 3600']);
    await pair.same(['formats', 'a']);
    await pair.same(['delete', 'a']);
    await pair.alike(['create', 'b', 'plain', 'expires: 3600']);
    await pair.same(['set', 'b', 'mysql', '-p', 'x']);
    await pair.same(['formats', 'b']);
    await pair.alike(['delete', 'b', 'plain']);
    await pair.same(['formats', 'b']);
    await pair.same(['delete', 'b']);
    await pair.alike(['create', 'c', 'plain', 'expires: 0.5']);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    await pair.same(['search', 'c']);
    await pair.same(['formats', 'c']);
    await pair.same(['search', 'c']);
    for (const expires of ['~', 'false', '0', '-5']) {
      await pair.alike(['create', 'd', 'plain', `expires: ${expires}`]);
      await pair.same(['formats', 'd']);
      await pair.alike(['delete', 'd']);
    }
    await pair.alike(['create', 'e', 'plain', 'expires: foo']);
    await pair.same(['formats', 'e']);
  });

  test('about configurations that make no sense', async () => {
    const broken = [
      '',
      '---\n',
      'foo\n',
      '- a\n',
      'profiles:\n',
      'store: :nope\n',
      'store: :memory\n',
      'encryption: :nope\n',
      'encryption: :ssl\n',
      'store_options:\n  adapter: :YAML\n  adapter_options:\n    :file: DIR/none/store.yaml\n',
    ];
    for (const configuration of broken) {
      const pair = new TroclaPair(scratch, configuration);
      const { real, ours } = await pair.both(['set', 'k', 'plain', '-p', 'x']);
      assert.equal(ours.code, real.code, configuration);
      assert.equal(ours.stdout, real.stdout, configuration);
    }
    for (const configuration of ['', '---\n', 'foo\n', '- a\n', 'profiles:\n']) {
      await new TroclaPair(scratch, configuration).same(['get', 'k', 'plain']);
    }
  });

  test('about a store that is broken, which is left as it is', async () => {
    for (const content of ['foo\n', '- a\n', '---\nk:\n  plain: "x\n', '{']) {
      const pair = new TroclaPair(scratch);
      for (const { directory } of [pair.real, pair.ours]) writeFileSync(`${directory}/store.yaml`, content);
      await pair.alike(['get', 'k', 'plain']);
      await pair.alike(['set', 'k', 'plain', '-p', 'x']);
      assert.equal(readFileSync(`${pair.ours.directory}/store.yaml`, 'utf8'), content);
    }
  });
});
