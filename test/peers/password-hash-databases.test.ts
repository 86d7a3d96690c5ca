// Accounts of real database servers whose passwords were set as hashes: made here, one can log in with the password; made by
// the server, they are verified here.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../support/free-port.ts';
import { derive, isMatch } from '../support/password-formats.ts';
import { type Finished, runProgram, runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

/** The last two are one text to PostgreSQL: clients normalize. */
const passwords = ['secret', "it's :}{ $x", 'Tütü-π€', 'Tu\u{308}tu\u{308}\u{a0}x', 'Tütü x', 'smile 😀'];

/** An account that may not be root, as both servers want it. */
const account = { uid: 65_534, gid: 65_534 };
const asAccount = ['--reuid=65534', '--regid=65534', '--clear-groups'];

const MAX_ATTEMPTS = 200;

const untilReady = async (isReady: () => Promise<Finished>): Promise<void> => {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    if ((await isReady()).code === 0) return;
    await delay(50);
  }
  throw new Error('the server does not get ready');
};

const directoryOf = (scratch: Scratch): string => {
  const directory = scratch.directory();
  chownSync(directory, account.uid, account.gid);
  chmodSync(directory, 0o755);
  return directory;
};

/** `stopSignal` ends it without waiting for its clients. */
const startServer = (scratch: Scratch, stopSignal: NodeJS.Signals, program: string, args: readonly string[]): void => {
  const server = spawn('setpriv', [...asAccount, program, ...args], { stdio: 'ignore' });
  const exited = once(server, 'exit');
  scratch.atEnd(async () => {
    server.kill(stopSignal);
    await exited;
  });
};

suite('PostgreSQL', () => {
  const scratch = new Scratch();
  const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql').toSorted() : [];
  const bin = path.join('/usr/lib/postgresql', versions.at(-1) ?? 'none', 'bin');
  let port: number;

  const psql = (user: string, password: string, input: string): Promise<Finished> => {
    const args = [
      '-XAtq',
      '-h',
      '127.0.0.1',
      '-p',
      String(port),
      '-U',
      user,
      '-d',
      'postgres',
      '-v',
      'ON_ERROR_STOP=1',
    ];
    return runProgram('psql', args, { input, env: { PGPASSWORD: password, PGCLIENTENCODING: 'UTF8' } });
  };

  const ask = async (sql: string): Promise<string> => {
    const { code, stdout, stderr } = await psql('owner', 'owner', sql);
    assert.equal(code, 0, stderr);
    return stdout.toString().trim();
  };

  const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

  before(async () => {
    const data = directoryOf(scratch);
    const passwordFile = path.join(data, 'owner');
    await runToSuccess('setpriv', [...asAccount, 'sh', '-c', 'echo owner >"$1"', 'sh', passwordFile]);
    const place = path.join(data, 'db');
    const settings = ['-U', 'owner', '-A', 'scram-sha-256', '--pwfile', passwordFile, '-E', 'UTF8', '--locale=C', '-N'];
    await runToSuccess('setpriv', [...asAccount, path.join(bin, 'initdb'), ...settings, '-D', place]);
    port = await freePort();
    // Its authentication by md5 takes both kinds of stored passwords.
    await runToSuccess('sed', ['-i', 's/scram-sha-256$/md5/', path.join(place, 'pg_hba.conf')]);
    startServer(scratch, 'SIGINT', path.join(bin, 'postgres'), [
      '-D',
      place,
      '-p',
      String(port),
      '-k',
      data,
      '-c',
      'fsync=off',
    ]);
    await untilReady(() => psql('owner', 'owner', 'SELECT 1'));
  });
  after(() => scratch[Symbol.asyncDispose]());

  test('lets in who has the password of a SCRAM verifier made here', async () => {
    for (const [index, password] of passwords.entries()) {
      const stored = await derive('pgsql', password);
      await ask(`CREATE ROLE scram${index} LOGIN PASSWORD ${quoted(stored)}`);
      assert.equal(await ask(`SELECT rolpassword FROM pg_authid WHERE rolname = 'scram${index}'`), stored);
      const login = await psql(`scram${index}`, password, 'SELECT 1');
      assert.equal(login.code, 0, login.stderr);
      assert.notEqual((await psql(`scram${index}`, `${password}.`, 'SELECT 1')).code, 0);
    }
  });

  test('lets in who typed the same password in another normal form', async () => {
    assert.equal((await psql('scram3', passwords[4] ?? '', 'SELECT 1')).code, 0);
    assert.equal((await psql('scram4', passwords[3] ?? '', 'SELECT 1')).code, 0);
  });

  test('makes SCRAM verifiers that are verified here', async () => {
    for (const password of passwords) {
      await ask(`CREATE ROLE theirs LOGIN PASSWORD ${quoted(password)}`);
      const stored = await ask("SELECT rolpassword FROM pg_authid WHERE rolname = 'theirs'");
      await ask('DROP ROLE theirs');
      assert.ok(await isMatch('pgsql', password, stored), password);
      assert.ok(!(await isMatch('pgsql', `${password}.`, stored)));
    }
  });

  test('agrees about md5', async () => {
    for (const [index, password] of passwords.entries()) {
      const username = `md5_${index}`;
      const ours = await derive('pgsql', password, { encode: 'md5', username });
      await ask(`SET password_encryption = 'md5'; CREATE ROLE ${username} LOGIN PASSWORD ${quoted(password)}`);
      const theirs = await ask(`SELECT rolpassword FROM pg_authid WHERE rolname = '${username}'`);
      assert.equal(ours, theirs);
      assert.ok(await isMatch('pgsql', password, theirs, { username }));
      assert.ok(!(await isMatch('pgsql', password, theirs, { username: 'another' })));
      assert.equal((await psql(username, password, 'SELECT 1')).code, 0);
    }
  });
});

suite('MariaDB', () => {
  const scratch = new Scratch();
  let socket: string;

  const mariadb = (user: string, password: string, input: string): Promise<Finished> => {
    const args = ['--no-defaults', '-N', '-B', '--default-character-set=utf8mb4', '-S', socket, '-u', user];
    return runProgram('mariadb', args, { input, env: { MYSQL_PWD: password } });
  };

  const ask = async (sql: string): Promise<string> => {
    const { code, stdout, stderr } = await mariadb('owner', 'owner', sql);
    assert.equal(code, 0, stderr);
    return stdout.toString().trim();
  };

  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

  before(async () => {
    const place = directoryOf(scratch);
    socket = path.join(place, 'socket');
    const data = path.join(place, 'db');
    const common = ['--no-defaults', `--datadir=${data}`];
    const settings = [...common, '--auth-root-authentication-method=normal', '--skip-test-db', '--cross-bootstrap'];
    await runToSuccess('setpriv', [...asAccount, 'mariadb-install-db', ...settings]);
    const server = [...common, `--socket=${socket}`, '--skip-networking', `--pid-file=${place}/pid`];
    startServer(scratch, 'SIGTERM', 'mariadbd', [
      ...server,
      '--innodb-flush-log-at-trx-commit=0',
      '--innodb-buffer-pool-size=8M',
    ]);
    await untilReady(() => mariadb('root', '', 'SELECT 1'));
    const grant = "GRANT ALL ON *.* TO owner@localhost IDENTIFIED BY 'owner' WITH GRANT OPTION";
    assert.equal((await mariadb('root', '', grant)).code, 0);
  });
  after(() => scratch[Symbol.asyncDispose]());

  test('computes the same hash', async () => {
    for (const password of passwords) {
      const theirs = await ask(`SELECT PASSWORD(${quoted(password)})`);
      assert.equal(await derive('mysql', password), theirs);
      assert.ok(await isMatch('mysql', password, theirs));
    }
  });

  test('lets in who has the password of a hash made here', async () => {
    for (const [index, password] of passwords.entries()) {
      const user = `user${index}`;
      await ask(`CREATE USER ${user}@localhost IDENTIFIED BY PASSWORD '${await derive('mysql', password)}'`);
      const login = await mariadb(user, password, 'SELECT 1');
      assert.equal(login.code, 0, login.stderr);
      assert.notEqual((await mariadb(user, `${password}.`, 'SELECT 1')).code, 0);
    }
  });
});
