// A login from one machine to a server: by SSH key, pass phrase or one-time code, over HTTPS, kept in the shell, and of no use after the logout,
// the end of the shell, or when the server says so.

import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { PtyShell } from './session/pty-shell.ts';
import { type DevInstance, startDevInstance } from './support/dev-instance.ts';
import { runToSuccess } from './support/run-program.ts';
import { Scratch } from './support/scratch.ts';

const bin = path.join(import.meta.dirname, '..', 'bin');
const passPhrase = 'correct horse battery staple';

suite('a login', () => {
  const scratch = new Scratch();
  let instance: DevInstance;
  let keyFile: string;

  before(async () => {
    instance = await startDevInstance(scratch);
    keyFile = path.join(scratch.directory(), 'id');
    await runToSuccess('ssh-keygen', ['-q', '-N', '', '-t', 'ed25519', '-f', keyFile]);
    await instance.run(['user', 'add', 'ada', '--group', 'ops', '--key', `${keyFile}.pub`]);
    await instance.run(['user', 'pass-phrase', 'ada'], { input: passPhrase });
    await instance.run(['policy', 'grant', 'group:ops', 'machines.*', '**']);
  });
  after(() => scratch[Symbol.asyncDispose]());

  /** A shell on a terminal, with a session of its own. */
  const openShell = async (command: readonly string[] = ['bash', '--norc']): Promise<PtyShell> => {
    const shell = await PtyShell.open([], command);
    await shell.run(`export PATH=${bin}:$PATH; unset CHATELAINE_DIR`);
    assert.equal((await shell.run('eval "$(chatelaine session token --export)"')).code, 0);
    return shell;
  };

  const logIn = (shell: PtyShell) => shell.run(`chatelaine login ${instance.https} --user ada --key ${keyFile} --yes`);

  const asks = (shell: PtyShell) => shell.run(`chatelaine --server ${instance.https} machine list --json`);

  test('by SSH key lets the shell ask the server, as that user and no other', async () => {
    await using shell = await openShell();
    const without = await asks(shell);
    assert.equal(without.code, 6, without.text);
    const loggedIn = await logIn(shell);
    assert.equal(loggedIn.code, 0, loggedIn.text);
    const asked = await asks(shell);
    assert.equal(asked.code, 0, asked.text);
    assert.match((await shell.run(`chatelaine --server ${instance.https} user list`)).text, /Not allowed/);
    assert.match(
      (await shell.run(`chatelaine --server ${instance.https} backup ${path.join(scratch.directory(), 'copy')}`)).text,
      /server itself/,
    );
    const who = JSON.parse(await instance.run(['sessions', 'list', '--json']));
    assert.deepEqual(
      who.map((session: { readonly user: string }) => session.user),
      ['ada'],
    );
  });

  test('by pass phrase does the same, and a wrong one does not', async () => {
    await using shell = await openShell();
    const by = (text: string) => shell.run(`printf %s '${text}' | chatelaine login ${instance.https} --user ada --yes`);
    assert.equal((await by('wrong horse battery staple')).code, 1);
    assert.equal((await by(passPhrase)).code, 0);
    assert.equal((await asks(shell)).code, 0);
  });

  test('with a one-time code: besides the pass phrase where it is required, or alone where that is enough', async () => {
    await instance.run(['user', 'add', 'bob', '--group', 'ops']);
    await instance.run(['user', 'pass-phrase', 'bob'], { input: passPhrase });
    const { uri } = JSON.parse(await instance.run(['otp', 'enroll', 'bob', '--hotp', '--json']));
    const seed = new URL(uri).searchParams.get('secret') ?? '';
    let counter = 0;
    const nextCode = async (): Promise<string> =>
      (await runToSuccess('oathtool', ['--hotp', '-b', '-c', String(counter++), seed])).trim();
    await instance.run(['otp', 'confirm', 'bob', '--hotp'], { input: `${await nextCode()}\n${await nextCode()}\n` });
    await instance.run(['user', 'code-at-login', 'bob', 'required']);
    await using shell = await openShell();
    const command = `chatelaine login ${instance.https} --user bob --yes`;
    const by = (text: string, more = '') => shell.run(`printf '%s' '${text}' | ${command} ${more}`);
    const first = await nextCode();
    assert.equal((await by(passPhrase)).code, 1, 'no code');
    assert.equal((await by(`${passPhrase}\n000000`, '--code')).code, 1, 'a wrong code');
    assert.equal((await by(first, '--only-code')).code, 1, 'a code alone');
    const loggedIn = await by(`${passPhrase}\n${first}\n`, '--code');
    assert.equal(loggedIn.code, 0, loggedIn.text);
    assert.equal((await asks(shell)).code, 0);
    assert.equal((await by(`${passPhrase}\n${first}`, '--code')).code, 1, 'replayed');
    assert.match(await instance.run(['sessions', 'list']), /bob +pass-phrase, hotp\/default/);
    shell.type(`${command} --code; printf 'exit %s\\n' $?\n`);
    await shell.shows('Pass phrase: ');
    shell.type(`${passPhrase}\n`);
    await shell.shows('Code: ');
    shell.type(`${await nextCode()}\n`);
    await shell.shows('exit 0');
    await instance.run(['user', 'code-at-login', 'bob', 'enough']);
    const alone = await nextCode();
    assert.equal((await by(alone, '--only-code')).code, 0);
    assert.equal((await asks(shell)).code, 0);
    assert.equal((await by(alone, '--only-code')).code, 1, 'replayed');
  });

  test('is over after the logout, here and on the server', async () => {
    await using shell = await openShell();
    await logIn(shell);
    const before = JSON.parse(await instance.run(['sessions', 'list', '--json'])).length;
    assert.equal((await shell.run(`chatelaine logout ${instance.https}`)).code, 0);
    assert.equal((await asks(shell)).code, 6);
    assert.equal(JSON.parse(await instance.run(['sessions', 'list', '--json'])).length, before - 1);
  });

  test('is over when the server revokes it or keeps the user out', async () => {
    await using shell = await openShell();
    await logIn(shell);
    const all = JSON.parse(await instance.run(['sessions', 'list', '--json']));
    await instance.run(['sessions', 'revoke', all.at(-1).session]);
    assert.equal((await asks(shell)).code, 1);
    await logIn(shell);
    await instance.run(['user', 'disable', 'ada']);
    assert.equal((await asks(shell)).code, 1);
    assert.equal((await logIn(shell)).code, 1);
    await instance.run(['user', 'enable', 'ada']);
    assert.equal((await asks(shell)).code, 1, 'the login does not come back');
  });

  test('is of no use in another shell, with the token of the session copied', async () => {
    await using shell = await openShell();
    await logIn(shell);
    const copy = path.join(scratch.directory(), 'token');
    await shell.run(`printf %s "$CHATELAINE_SESSION" > ${copy}`);
    await using other = await openShell();
    await other.run(`export CHATELAINE_SESSION="$(cat ${copy})"`);
    assert.equal((await asks(other)).code, 8);
  });

  test('sends nothing to a server with another certificate', async () => {
    await using shell = await openShell();
    const wrong = Array.from({ length: 32 }, () => '00').join(':');
    const refused = await shell.run(
      `printf %s '${passPhrase}' | chatelaine login ${instance.https} --user ada --fingerprint ${wrong}`,
    );
    assert.equal(refused.code, 1);
    assert.match(refused.text, /another certificate/);
  });

  suite('in the keyring of the kernel', () => {
    /** A shell in a login of its own, as far as the kernel is concerned, with the keys of its logins shown by Debian's keyctl. */
    const openInKeyring = (): Promise<PtyShell> =>
      openShell(['keyctl', 'session', '-', 'bash', '--norc', '--noediting']);

    const statusOf = async (shell: PtyShell) => JSON.parse((await shell.run('chatelaine session status --json')).text);

    /** The keys of the type `user` that hold logins, each as /proc/keys has it. */
    const keysOf = async (shell: PtyShell): Promise<readonly string[]> => {
      const ring = await shell.run('keyctl search @s keyring chatelaine-logins');
      if (ring.code !== 0) return [];
      const ids = (await shell.run(`keyctl rlist ${ring.text}`)).text.split(/\s+/).filter((id) => /^\d+$/.test(id));
      const known = (await shell.run('cat /proc/keys')).text.split('\n');
      const hex = ids.map((id) => Number(id).toString(16).padStart(8, '0'));
      return known.filter((line) => hex.some((id) => line.startsWith(id)) && line.includes(':elsewhere-v-'));
    };

    const idOf = (key: string | undefined): number => Number.parseInt(key?.slice(0, 8) ?? '', 16);

    test('it is found by this shell, sealed, and expires there with the token', async () => {
      await using shell = await openInKeyring();
      const loggedIn = await shell.run(
        `chatelaine login ${instance.https} --user ada --key ${keyFile} --yes --life 90m --json`,
      );
      assert.equal(loggedIn.code, 0, loggedIn.text);
      assert.equal(JSON.parse(loggedIn.text.split('\n').at(-1) ?? '').keptIn, 'kernel keyring');
      assert.equal((await asks(shell)).code, 0);
      const { id, logins } = await statusOf(shell);
      const [login, ...others] = logins;
      assert.deepEqual([login.server, login.keptIn, others], [`https://${instance.https}`, 'kernel keyring', []]);
      const [key, ...more] = await keysOf(shell);
      assert.deepEqual(more, []);
      assert.match(key ?? '', / (89m|1h) /, 'it expires as the token does');
      const payload = await shell.run(`keyctl pipe ${idOf(key)} | grep -ac chs_`);
      assert.equal(payload.text, '0', 'the token itself is not in it');
      const files = `find /dev/shm /run/user -path '*/${id}/v-*' 2> /dev/null`;
      assert.equal((await shell.run(files)).text, '', 'nothing of it lies in the directory of the session');
    });

    test('it is gone after the logout, a lock, and the end of the session', async () => {
      for (const end of [`logout ${instance.https}`, 'session lock', 'session logout']) {
        await using shell = await openInKeyring();
        assert.equal((await logIn(shell)).code, 0);
        assert.equal((await keysOf(shell)).length, 1);
        assert.equal((await shell.run(`chatelaine ${end}`)).code, 0, end);
        assert.deepEqual(await keysOf(shell), [], end);
        assert.notEqual((await asks(shell)).code, 0);
      }
    });

    test('another shell that can read the key cannot open it, nor the same one under another name', async () => {
      await using shell = await openInKeyring();
      await logIn(shell);
      const other = await shell.run(
        `setsid --wait env -u CHATELAINE_SESSION sh -c 'eval "$(chatelaine session token --export)"; chatelaine --server ${instance.https} machine list'`,
      );
      assert.equal(other.code, 6, other.text);
      const [key = ''] = await keysOf(shell);
      const [, session = '', label = ''] = /user +([a-z2-7]+):(elsewhere-v-[a-z2-7]+)/.exec(key) ?? [];
      const ring = (await shell.run('keyctl search @s keyring chatelaine-logins')).text;
      const copy = `keyctl pipe ${idOf(key)} | keyctl padd user ${session}:${label.slice(0, -1)}a ${ring}`;
      assert.equal((await shell.run(copy)).code, 0);
      assert.equal((await statusOf(shell)).logins.length, 1, 'the copy is none');
    });

    test('where there is no keyring that lasts, it is kept in memory as before, and that is said', async () => {
      await using shell = await openInKeyring();
      await shell.run('keyctl revoke @s');
      const loggedIn = await shell.run(`chatelaine login ${instance.https} --user ada --key ${keyFile} --yes --json`);
      assert.equal(loggedIn.code, 0, loggedIn.text);
      assert.equal(JSON.parse(loggedIn.text.split('\n').at(-1) ?? '').keptIn, 'memory');
      assert.equal((await asks(shell)).code, 0);
      assert.match((await shell.run('chatelaine session status')).text, /login +https:\S+, kept in memory/);
      assert.equal((await shell.run(`chatelaine logout ${instance.https}`)).code, 0);
      assert.equal((await asks(shell)).code, 6);
    });
  });
});
