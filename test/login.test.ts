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
  const openShell = async (): Promise<PtyShell> => {
    const shell = await PtyShell.open([], ['bash', '--norc']);
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
});
