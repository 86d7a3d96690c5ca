// git with our credential helper, against an HTTP server that wants a password.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { Keyring, keyctl, PasswordStore, remainingTime } from '@chatelaine/keyring';
import { type Finished, runProgram, runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

keyctl.joinSessionKeyring();

const bin = fileURLToPath(new URL('../../bin', import.meta.url));
const store = new PasswordStore();

/** git in a home of its own, which never asks a person. */
class Git {
  readonly #env: Readonly<Record<string, string>>;
  readonly home: string;

  constructor(scratch: Scratch, helper = 'chatelaine') {
    this.home = scratch.directory();
    mkdirSync(path.join(this.home, '.cache'));
    writeFileSync(
      path.join(this.home, '.gitconfig'),
      `[credential]\n\thelper = ${helper}\n[user]\n\tname = a\n\temail = a@b\n`,
    );
    this.#env = {
      HOME: this.home,
      XDG_CONFIG_HOME: path.join(this.home, '.config'),
      XDG_CACHE_HOME: path.join(this.home, '.cache'),
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      GIT_ASKPASS: '/bin/false',
      PATH: `${bin}:${process.env['PATH']}`,
    };
  }

  run(args: readonly string[], input = ''): Promise<Finished> {
    return runProgram('git', args, { input, env: this.#env, cwd: this.home });
  }

  /** `git credential OPERATION` */
  credential(operation: string, attributes: string): Promise<Finished> {
    return this.run(['credential', operation], `${attributes}\n\n`);
  }
}

/** Serves the repositories of a directory through git's own program, to those who know the password. */
const serve = async (scratch: Scratch, root: string, authorization: string): Promise<string> => {
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    if (request.headers.authorization !== `Basic ${Buffer.from(authorization).toString('base64')}`) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end();
      return;
    }
    const [pathInfo = '', query = ''] = (request.url ?? '').split('?');
    const backend = spawn('git', ['http-backend'], {
      env: {
        PATH: process.env['PATH'],
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: pathInfo,
        QUERY_STRING: query,
        REQUEST_METHOD: request.method,
        CONTENT_TYPE: request.headers['content-type'],
        REMOTE_USER: 'alice',
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    request.pipe(backend.stdin);
    const parts: Buffer[] = [];
    backend.stdout.on('data', (part: Buffer) => parts.push(part));
    backend.on('close', () => {
      const whole = Buffer.concat(parts);
      const end = whole.indexOf('\r\n\r\n');
      for (const line of whole.toString('latin1', 0, end).split('\r\n')) {
        const [name = '', value = ''] = line.split(/: (.*)/s);
        if (name === 'Status') response.statusCode = Number(value.slice(0, 3));
        else response.setHeader(name, value);
      }
      response.end(whole.subarray(end + 4));
    });
  };
  const server = createServer(answer);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  scratch.atEnd(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return `127.0.0.1:${address.port}`;
};

test('after one approval a clone over HTTP asks nobody', async () => {
  await using scratch = new Scratch();
  const git = new Git(scratch);
  const root = scratch.directory();
  await runToSuccess('git', ['init', '-q', '--bare', path.join(root, 'project.git')]);
  const host = await serve(scratch, root, 'alice:s3cret ä');
  const url = `http://${host}/project.git`;
  assert.notEqual((await git.run(['clone', '-q', url, 'before'])).code, 0);
  const attributes = `protocol=http\nhost=${host}\nusername=alice\npassword=s3cret ä`;
  assert.equal((await git.credential('approve', attributes)).code, 0);
  const { code, stderr } = await git.run(['clone', '-q', url, 'after']);
  assert.equal(code, 0, stderr);
  assert.equal(store.getText(`git:http://${host}`, 'alice'), 's3cret ä');
});

test('what git approves it can fill, and what it rejects is gone', async () => {
  await using scratch = new Scratch();
  const git = new Git(scratch);
  await git.credential('approve', 'protocol=https\nhost=example.org\nusername=u\npassword=p=1');
  const filled = await git.credential('fill', 'protocol=https\nhost=example.org');
  assert.equal(filled.stdout.toString(), 'protocol=https\nhost=example.org\nusername=u\npassword=p=1\n');
  // Another password was tried: the one that is kept may still be right.
  await git.credential('reject', 'protocol=https\nhost=example.org\nusername=u\npassword=other');
  assert.equal(store.getText('git:https://example.org', 'u'), 'p=1');
  await git.credential('reject', 'protocol=https\nhost=example.org\nusername=u\npassword=p=1');
  assert.equal(store.getPassword('git:https://example.org', 'u'), undefined);
  assert.notEqual((await git.credential('fill', 'protocol=https\nhost=example.org')).code, 0);
});

test('a path counts when git is told so, and users of a host are kept apart', async () => {
  await using scratch = new Scratch();
  const git = new Git(scratch);
  await git.run(['config', '--global', 'credential.useHttpPath', 'true']);
  for (const [repository, user] of [
    ['one', 'a'],
    ['two', 'b'],
  ]) {
    await git.credential('approve', `protocol=https\nhost=h\npath=${repository}\nusername=${user}\npassword=${user}!`);
  }
  assert.match(
    (await git.credential('fill', 'protocol=https\nhost=h\npath=two')).stdout.toString(),
    /username=b\npassword=b!/,
  );
  assert.deepEqual(store.findAccounts('git:https://h/one'), ['a']);
});

test('a password that git says will expire does', async () => {
  await using scratch = new Scratch();
  const git = new Git(scratch);
  const helper = (operation: string, input: string): Promise<Finished> =>
    runProgram(path.join(bin, 'git-credential-chatelaine'), [operation], { input, env: { HOME: git.home } });
  const now = Math.floor(Date.now() / 1_000);
  await helper('store', `protocol=https\nhost=e\nusername=u\npassword=p\npassword_expiry_utc=${now + 50}\n\n`);
  const key = Keyring.special('session').search('user', 'git:https://e:u');
  assert.equal(remainingTime(key?.id ?? 0)?.kind, 'limited');
  await helper('store', `protocol=https\nhost=past\nusername=u\npassword=p\npassword_expiry_utc=${now - 50}\n\n`);
  assert.equal(store.getPassword('git:https://past', 'u'), undefined);
});

test('the helper says nothing that git could misread, and ignores what it does not know', async () => {
  await using scratch = new Scratch();
  const { home } = new Git(scratch);
  const helper = (args: readonly string[], input: string): Promise<Finished> =>
    runProgram(path.join(bin, 'git-credential-chatelaine'), args, { input, env: { HOME: home } });
  for (const password of ['a\nhost=evil', 'a\rb', 'a\0b']) {
    store.setPassword('git:https://evil', 'u', password);
    assert.deepEqual(
      { ...(await helper(['get'], 'protocol=https\nhost=evil\n\n')), stderr: '' },
      { code: 0, stdout: Buffer.alloc(0), stderr: '' },
    );
  }
  for (const [args, input] of [
    [['capability'], ''],
    [['get'], ''],
    [['get'], 'protocol=https\n=x\nnonsense\nunknown=1\nlist[]=2\nhost=nowhere'],
    [['store'], 'protocol=https\nhost=nowhere\nusername=u\n\n'],
    [['get'], Buffer.from('protocol=https\nhost=\xff\n\n', 'latin1').toString('latin1')],
  ] as const) {
    const { code, stdout } = await helper(args, input);
    assert.deepEqual([code, stdout.length], [0, 0], args.join(' '));
  }
  assert.equal((await helper([], '')).code, 2);
  assert.equal((await helper(['--unknown', 'get'], '')).code, 2);
});

test('under the lock git is told nothing until it is opened', async () => {
  await using scratch = new Scratch();
  const git = new Git(scratch, 'chatelaine --sealed');
  const cli = (args: readonly string[], input = ''): Promise<Finished> =>
    runProgram(path.join(bin, 'chatelaine'), ['keyring', ...args], {
      input,
      env: { HOME: git.home, XDG_CONFIG_HOME: path.join(git.home, '.config') },
    });
  assert.equal((await cli(['init', '--sealed'], 'pass phrase')).code, 0);
  await git.credential('approve', 'protocol=https\nhost=locked\nusername=u\npassword=p');
  const locked = await git.credential('fill', 'protocol=https\nhost=locked');
  assert.notEqual(locked.code, 0);
  assert.match(locked.stderr, /The keyring is locked/);
  assert.equal((await cli(['unlock'], 'pass phrase')).code, 0);
  assert.match((await git.credential('fill', 'protocol=https\nhost=locked')).stdout.toString(), /password=p\n/);
});
