// Plugins of Mandos under our plugin runner, and beside it under Debian's: shell scripts as people write them, and the plugins that
// Debian's package brings. What one prints and how it ends, so does the other.

import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Finished, type RunOptions, runProgram } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';
import { startOnTerminal } from '../support/terminal-screen.ts';

const ours = [path.join(import.meta.dirname, '../../bin/chatelaine-unlock'), 'plugin-runner'];
const debian = path.join(
  '/usr/lib',
  readdirSync('/usr/lib').find((name) => existsSync(`/usr/lib/${name}/mandos/plugin-runner`)) ?? '',
  'mandos',
);
const theirs = [path.join(debian, 'plugin-runner')];
const runners = { Chatelaine: ours, Debian: theirs };

const NOBODY = 65_534;
const PATIENCE_MS = 20_000;
/** A zero byte, line ends at both ends and in the middle, every byte there is, and more than 511 of them. */
const hardPassword = Buffer.concat([
  Buffer.from('\n'),
  ...Array.from({ length: 3 }, () => Buffer.from([...Array(256).keys()])),
  Buffer.from('\n'),
]);

describe('plugins of Mandos', () => {
  const scratch = new Scratch();
  after(() => scratch[Symbol.asyncDispose]());
  before(() => assert.equal(process.geteuid?.(), 0, 'plugins run as another account, which only root can arrange'));

  /** A directory with these shell scripts. */
  const makePlugins = (scripts: Readonly<Record<string, string>>): string => {
    const directory = scratch.directory();
    chmodSync(directory, 0o755);
    for (const [name, script] of Object.entries(scripts)) {
      writeFileSync(path.join(directory, name), `#!/bin/sh\n${script}\n`);
      chmodSync(path.join(directory, name), 0o755);
    }
    return directory;
  };
  const noFile = '--config-file=/nonexistent';
  /** Without a terminal: what has to be typed is taken from standard input. */
  const run = (runner: readonly string[], args: readonly string[], options: RunOptions = {}): Promise<Finished> =>
    runProgram('setsid', ['--wait', 'timeout', String(PATIENCE_MS / 1000), ...runner, ...args], options);
  const both = async (args: readonly string[], options?: RunOptions): Promise<Finished> => {
    const [one, other] = [await run(ours, args, options), await run(theirs, args, options)];
    assert.deepEqual(
      [one.code, one.stdout.toString('hex')],
      [other.code, other.stdout.toString('hex')],
      one.stderr + other.stderr,
    );
    return one;
  };
  /** A directory with that plugin of Debian's; its own is closed to the account of plugins. */
  const debianPlugin = (name: string): string => {
    const directory = makePlugins({});
    copyFileSync(path.join(debian, 'plugins.d', name), path.join(directory, name));
    chmodSync(path.join(directory, name), statSync(path.join(debian, 'plugins.d', name)).mode);
    return directory;
  };
  /** A file that the account of plugins can write into. */
  const theirFile = (): string => {
    const directory = scratch.directory();
    chownSync(directory, NOBODY, NOBODY);
    return path.join(directory, 'file');
  };

  describe('end as Debian’s runner has it', () => {
    const password = 'typed by a person';
    const input = `${password}\n`;
    const works = { works: "printf 'from the plugin'" };
    const fails = { fails: "printf 'not to be seen'; exit 3" };

    test('0, with the password of a plugin', async () => {
      const { code, stdout } = await both([noFile, `--plugin-dir=${makePlugins({ ...fails, ...works })}`]);
      assert.deepEqual([code, stdout.toString()], [0, 'from the plugin']);
    });

    test('0, with nothing, if a plugin succeeds and prints nothing', async () => {
      const { code, stdout } = await both([noFile, `--plugin-dir=${makePlugins({ silent: 'exit 0' })}`], { input });
      assert.deepEqual([code, stdout.length], [0, 0]);
    });

    const typed: readonly (readonly [what: string, code: number, args: () => readonly string[]])[] = [
      ['0, typed, if every plugin fails', 0, () => [noFile, `--plugin-dir=${makePlugins(fails)}`]],
      ['0, typed, if there is no plugin', 0, () => [noFile, `--plugin-dir=${makePlugins({})}`]],
      [
        '0, typed, if every plugin is disabled',
        0,
        () => [noFile, `--plugin-dir=${makePlugins(works)}`, '--disable=works'],
      ],
      ['64, typed, at a wrong option', 64, () => [noFile, '--no-such-option']],
      ['64, typed, at a word that is no option', 64, () => [noFile, 'word']],
      ['64, typed, at options for no plugin', 64, () => [noFile, '--options-for=nothing']],
      ['69, typed, without a plugin directory', 69, () => [noFile, '--plugin-dir=/nonexistent']],
    ];
    for (const [what, code, args] of typed) {
      test(what, async () => {
        const ended = await both(args(), { input });
        assert.deepEqual([ended.code, ended.stdout.toString()], [code, password]);
      });
    }

    test('78, typed, at a wrong option in the file', async () => {
      const file = path.join(scratch.directory(), 'file');
      writeFileSync(file, '# a comment\n--no-such-option\n');
      const { code, stdout } = await both([`--config-file=${file}`, `--plugin-dir=${makePlugins(works)}`], { input });
      assert.deepEqual([code, stdout.toString()], [78, password]);
    });

    test('71, typed, if the system fails', async () => {
      const { code, stdout, stderr } = await run(ours, [`--config-file=${scratch.directory()}`], { input });
      assert.deepEqual([code, stdout.toString()], [71, password], stderr);
    });

    test('74, if the password cannot be printed', async () => {
      const directory = makePlugins(works);
      for (const runner of Object.values(runners)) {
        const command = ['-c', '"$@" >/dev/full', 'sh', ...runner, noFile, `--plugin-dir=${directory}`];
        assert.equal((await runProgram('setsid', ['--wait', 'sh', ...command], { input })).code, 74);
      }
    });

    test('an empty word, as cryptsetup gives it, is no word', async () => {
      assert.equal((await both([noFile, `--plugin-dir=${makePlugins(works)}`, ''])).code, 0);
    });
  });

  for (const [name, runner] of Object.entries(runners)) {
    test(`under ${name}’s: a password survives byte for byte`, async () => {
      const file = theirFile();
      writeFileSync(file, hardPassword);
      const directory = makePlugins({ hard: `cat ${file}` });
      const { stdout } = await run(runner, [noFile, `--plugin-dir=${directory}`]);
      assert.deepEqual(stdout, hardPassword);
    });

    test(`under ${name}’s: options, environment and account are what it was told, the more special winning`, async () => {
      const file = path.join(scratch.directory(), 'file');
      writeFileSync(file, '--options-for=tells:--in-file # rest of the line\n--env-for=tells:WHERE=file\n--userid=1\n');
      const directory = makePlugins({
        tells:
          'printf "%s\\n" "$@" "$WHERE" "$GLOBAL" "$MANDOSPLUGINHELPERDIR" "$(id -u):$(id -g):$(id -G)" "$INHERITED"',
      });
      const args = [
        ...[`--config-file=${file}`, `--plugin-dir=${directory}`, '--userid=65533', '--groupid=65532'],
        ...['-o', 'tells:--one,two', '--global-options=--three,--four', '-oother:--not-this'],
        ...['--global-env=WHERE=nowhere', '-GGLOBAL=yes', '-E', 'tells:WHERE=here', '--plugin-helper-dir=/helpers'],
      ];
      const { stdout, code } = await run(runner, args, { env: { INHERITED: 'too' } });
      assert.equal(code, 0);
      const groups = stdout.toString().split('\n').at(-3) ?? '';
      assert.match(groups, /^65533:65532:/);
      assert.deepEqual(stdout.toString().split('\n').slice(0, -3), [
        ...['--in-file', '--one', 'two', '--three', '--four', 'here', 'yes', '/helpers'],
      ]);
      assert.equal(stdout.toString().split('\n').at(-2), 'too');
    });

    test(`under ${name}’s: backups, hidden files, directories and what may not be executed are no plugins`, async () => {
      const seen = theirFile();
      const script = `echo "$0" >> ${seen}; exit 1`;
      const names = ['.hidden', '#saved#', 'backup~', 'a.dpkg-new', 'a.dpkg-old', 'a.dpkg-bak', 'a.dpkg-divert'];
      const directory = makePlugins(Object.fromEntries([...names, 'not-executable'].map((each) => [each, script])));
      chmodSync(path.join(directory, 'not-executable'), 0o644);
      mkdirSync(path.join(directory, 'directory'));
      assert.equal((await run(runner, [noFile, `--plugin-dir=${directory}`], { input: 'x\n' })).code, 0);
      assert.equal(existsSync(seen), false);
    });

    test(`under ${name}’s: the first that succeeds wins, and the others are asked to end and waited for`, async () => {
      const ended = theirFile();
      const directory = makePlugins({
        // Debian's hangs for ever if the one that it ends has written something.
        slow: `trap 'echo ended > ${ended}; exit 0' TERM; ${runner === ours ? 'printf half;' : ''} while :; do sleep 0.1; done`,
        fast: 'sleep 0.3; printf fast',
      });
      const { stdout, code } = await run(runner, [noFile, `--plugin-dir=${directory}`]);
      assert.deepEqual([stdout.toString(), code], ['fast', 0]);
      assert.equal(readFileSync(ended, 'utf8'), 'ended\n');
    });

    test(`under ${name}’s: what was written before a failure or a kill is never seen`, async () => {
      const directory = makePlugins({
        fails: "printf 'half a password'; exit 1",
        dies: "printf 'half a password'; kill -KILL $$",
        later: 'sleep 0.5; printf whole',
      });
      const { stdout } = await run(runner, [noFile, `--plugin-dir=${directory}`]);
      assert.equal(stdout.toString(), 'whole');
    });

    test(`under ${name}’s: a plugin counts only when its standard output is closed too`, async () => {
      const directory = makePlugins({ forks: '(sleep 0.5; printf " and the rest") & printf "the beginning"' });
      const { stdout } = await run(runner, [noFile, `--plugin-dir=${directory}`]);
      assert.equal(stdout.toString(), 'the beginning and the rest');
    });

    test(`under ${name}’s: Debian’s askpass-fifo, or ours, takes what is written into the FIFO`, async () => {
      const directory =
        runner === ours
          ? debianPlugin('askpass-fifo')
          : makePlugins({ 'askpass-fifo': `exec ${ours[0]} askpass-fifo` });
      // A directory of its own, where only root may make a FIFO: Debian's is set-user-ID root, ours is told to run as root.
      const script = `mount -t tmpfs none /lib/cryptsetup && { "$@" & runner=$!
        until [ -p /lib/cryptsetup/passfifo ]; do sleep 0.05; done
        cat > /lib/cryptsetup/passfifo; wait $runner; }`;
      const account = runner === ours ? [] : ['--userid=0', '--groupid=0'];
      const command = ['sh', '-c', script, 'sh', ...runner, noFile, `--plugin-dir=${directory}`, ...account];
      const { stdout, code } = await runProgram('timeout', ['20', 'unshare', '--mount', ...command], {
        input: hardPassword,
      });
      assert.equal(code, 0);
      assert.deepEqual(stdout, hardPassword);
    });

    test(`under ${name}’s: Debian’s prompt, or ours, is asked and answered while another plugin waits for ever`, async () => {
      const directory =
        runner === ours
          ? debianPlugin('password-prompt')
          : makePlugins({ 'password-prompt': `exec ${ours[0]} password-prompt "$@"` });
      writeFileSync(path.join(directory, 'a-waiting-one'), '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 });
      const file = path.join(scratch.directory(), 'password');
      const command = ['sh', '-c', `"$@" >${file}`, 'sh', ...runner, noFile, `--plugin-dir=${directory}`];
      const screen = await startOnTerminal(scratch, [...command, '--options-for=password-prompt:--prompt=Say it'], {});
      await screen.shows(/Say it:/);
      await screen.type('a secret');
      await screen.press('Enter');
      const shown = await screen.shows(/ended with 0/);
      assert.equal(readFileSync(file, 'utf8'), 'a secret');
      assert.doesNotMatch(shown, /a secret/);
    });
  }

  test('the question names the disk, as Debian’s does, and the terminal is as it was afterwards', async () => {
    const env = { CRYPTTAB_SOURCE: '/dev/sda2', CRYPTTAB_NAME: 'root' };
    for (const plugin of [[path.join(debian, 'plugins.d/password-prompt')], [ours[0] ?? '', 'password-prompt']]) {
      const screen = await startOnTerminal(
        scratch,
        ['sh', '-c', '"$@" --prefix=web1 >/dev/null; stty -a', 'sh', ...plugin],
        env,
      );
      await screen.shows(/web1 Unlocking the disk \/dev\/sda2 \(root\)\s+Enter passphrase:/);
      await screen.press('C-d', 'Enter');
      assert.match(await screen.shows(/ended with 0/), /(?<!-)echo[\s;]/);
    }
  });

  test('a script of root’s with the set-user-ID bit runs as root, and no other', async () => {
    const directory = makePlugins({ marked: 'id -u', unmarked: 'sleep 1; id -u', others: 'sleep 1; id -u' });
    for (const name of ['marked', 'others']) chmodSync(path.join(directory, name), 0o4755);
    chownSync(path.join(directory, 'others'), NOBODY, NOBODY);
    chmodSync(path.join(directory, 'others'), 0o4755);
    const uidOf = async (name: string): Promise<string> => {
      const others = ['marked', 'unmarked', 'others']
        .filter((each) => each !== name)
        .map((each) => `--disable=${each}`);
      return (await run(ours, [noFile, `--plugin-dir=${directory}`, ...others])).stdout.toString().trim();
    };
    assert.deepEqual([await uidOf('marked'), await uidOf('unmarked'), await uidOf('others')], ['0', '65534', '65534']);
  });

  test('asked to end, it ends its plugins and dies by that signal', async () => {
    const ended = theirFile();
    const directory = makePlugins({ waits: `trap 'echo ended > ${ended}; exit 0' TERM; while :; do sleep 0.1; done` });
    const command = `"$@" & runner=$!; sleep 1; kill -TERM $runner; wait $runner; echo "code $?"`;
    const { stdout } = await runProgram('setsid', [
      '--wait',
      'sh',
      '-c',
      command,
      'sh',
      ...ours,
      noFile,
      `--plugin-dir=${directory}`,
    ]);
    assert.equal(stdout.toString(), 'code 143\n');
    assert.equal(readFileSync(ended, 'utf8'), 'ended\n');
  });

  test('with --no-prompt nobody is asked, whatever went wrong', async () => {
    const codeOf = async (...args: readonly string[]): Promise<number | undefined> => {
      const { code, stdout } = await run(ours, [noFile, '--no-prompt', ...args], { input: 'typed\n' });
      assert.equal(stdout.length, 0);
      return code;
    };
    assert.equal(await codeOf(`--plugin-dir=${makePlugins({ fails: 'exit 3' })}`), 1);
    assert.equal(await codeOf('--plugin-dir=/nonexistent'), 69);
    assert.equal(await codeOf('--no-such-option'), 64);
  });

  test('a plugin that prints without end gives nothing, and is ended', async () => {
    const directory = makePlugins({ endless: 'exec cat /dev/zero', later: 'sleep 1; printf password' });
    const { stdout, stderr } = await run(ours, [noFile, `--plugin-dir=${directory}`]);
    assert.equal(stdout.toString(), 'password', stderr);
  });

  test('plymouth is asked through its own client, and one that does not run is said to be unavailable', async () => {
    const directory = makePlugins({ client: 'case $1 in --ping) exit 0 ;; esac; printf "%s" "$*"' });
    const asked = await runProgram(ours[0] ?? '', ['plymouth', `--program=${directory}/client`, '--prompt=Say it']);
    assert.deepEqual([asked.code, asked.stdout.toString()], [0, 'ask-for-password --prompt=Say it']);
    assert.equal((await runProgram(ours[0] ?? '', ['plymouth', '--program=/nonexistent'])).code, 69);
  });
});
