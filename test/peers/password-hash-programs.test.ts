// Hashes that programs of Debian make are verified here, and those made here are verified by them. None of them shares our
// code; openssl, htpasswd and Passlib do not share libcrypt either.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, suite, test } from 'node:test';
import { derive, isMatch, trickyPasswords } from '../support/password-formats.ts';
import { runProgram, runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

suite('openssl passwd', () => {
  for (const [format, flag] of [
    ['md5crypt', '-1'],
    ['sha256crypt', '-5'],
    ['sha512crypt', '-6'],
    ['apr1', '-apr1'],
  ] as const) {
    test(`agrees about ${format}`, async () => {
      for (const password of trickyPasswords) {
        const input = `${password}\n`;
        const theirs = await runToSuccess('openssl', ['passwd', flag, '-stdin'], { input });
        assert.ok(await isMatch(format, password, theirs.trim()));
        assert.ok(!(await isMatch(format, `${password}.`, theirs.trim())));
        const ours = await derive(format, password);
        const salt = ours.split('$')[2] ?? '';
        const again = await runToSuccess('openssl', ['passwd', flag, '-salt', salt, '-stdin'], { input });
        assert.equal(again.trim(), ours);
      }
    });
  }

  test('computes the same NT hash', async () => {
    for (const password of trickyPasswords) {
      const args = ['dgst', '-md4', '-r', '-provider', 'legacy', '-provider', 'default'];
      const digest = await runToSuccess('openssl', args, { input: Buffer.from(password, 'utf16le') });
      assert.equal(await derive('nthash', password), digest.slice(0, 32).toUpperCase());
      assert.ok(await isMatch('nthash', password, digest.slice(0, 32)));
    }
  });
});

suite('mkpasswd', () => {
  for (const [format, method, options] of [
    ['yescrypt', 'yescrypt', { cost: 3 }],
    ['gostyescrypt', 'gost-yescrypt', { cost: 3 }],
    ['scrypt', 'scrypt', { cost: 6 }],
    ['bcrypt', 'bcrypt', { cost: 4 }],
    ['sha512crypt', 'sha-512', { rounds: 7_000 }],
    ['sha256crypt', 'sha-256', { rounds: 7_000 }],
    ['md5crypt', 'md5', {}],
  ] as const) {
    test(`agrees about ${format}`, async () => {
      for (const password of trickyPasswords) {
        const theirs = await runToSuccess('mkpasswd', ['-s', '-m', method], { input: `${password}\n` });
        assert.ok(await isMatch(format, password, theirs.trim()));
        assert.ok(!(await isMatch(format, `${password.slice(1)}.`, theirs.trim())));
        // Perl asks crypt(3) of the C library, with the whole hash for a setting.
        const ours = await derive(format, password, options);
        const script = 'my $p = <STDIN>; chomp $p; print crypt($p, $ARGV[0])';
        assert.equal(await runToSuccess('perl', ['-e', script, ours], { input: `${password}\n` }), ours);
      }
    });
  }
});

suite('htpasswd', () => {
  const scratch = new Scratch();
  after(() => scratch[Symbol.asyncDispose]());

  for (const [format, flag, options] of [
    ['bcrypt', '-B', { cost: 5, variant: 'y' }],
    ['apr1', '-m', {}],
    ['sha1', '-s', {}],
    ['sha256crypt', '-2', {}],
    ['sha512crypt', '-5', {}],
  ] as const) {
    test(`agrees about ${format}`, async () => {
      const file = path.join(scratch.directory(), 'htpasswd');
      for (const password of trickyPasswords) {
        const line = await runToSuccess('htpasswd', ['-n', '-i', flag, 'joe'], { input: password });
        const theirs = line.trim().slice('joe:'.length);
        assert.ok(await isMatch(format, password, theirs));
        assert.ok(!(await isMatch(format, `${password.slice(1)}.`, theirs)));
        writeFileSync(file, `joe:${(await derive(format, password, options)).trim()}\n`);
        assert.equal((await runProgram('htpasswd', ['-v', '-i', file, 'joe'], { input: password })).code, 0);
        const wrong = await runProgram('htpasswd', ['-v', '-i', file, 'joe'], { input: `${password.slice(1)}.` });
        assert.equal(wrong.code, 3);
      }
    });
  }
});

test('htdigest writes the same line', async () => {
  await using scratch = new Scratch();
  const file = path.join(scratch.directory(), 'htdigest');
  for (const password of trickyPasswords) {
    // In a session of its own it has no terminal, and asks its standard input.
    const input = `${password}\n${password}\n`;
    await runToSuccess('setsid', ['--wait', 'htdigest', '-c', file, 'a realm', 'joe'], { input });
    const theirs = await runToSuccess('cat', [file]);
    assert.equal(theirs.trim(), await derive('htdigest', password, { username: 'joe', realm: 'a realm' }));
    assert.ok(await isMatch('htdigest', password, theirs.trim()));
  }
});

/** Makes or verifies one hash: Passlib's name of the format, the password, and a hash for the latter. */
const passlib = `
import json, sys, warnings
warnings.simplefilter('ignore')
from passlib import hash
name, password, stored = json.load(sys.stdin)
scheme = getattr(hash, name)
print(scheme.hash(password) if stored is None else scheme.verify(password, stored))
`;

const askPasslib = async (name: string, password: string, stored: string | null): Promise<string> =>
  (await runToSuccess('/usr/bin/python3', ['-c', passlib], { input: JSON.stringify([name, password, stored]) })).trim();

suite('Passlib', () => {
  for (const [format, name, options] of [
    ['django', 'django_pbkdf2_sha256', { rounds: 1_000 }],
    ['pbkdf2', 'ldap_pbkdf2_sha1', { digest: 'sha1', rounds: 1_000 }],
    ['pbkdf2', 'ldap_pbkdf2_sha256', { digest: 'sha256', rounds: 1_000 }],
    ['pbkdf2', 'ldap_pbkdf2_sha512', { digest: 'sha512', rounds: 1_000 }],
    ['nthash', 'nthash', {}],
    ['mysql', 'mysql41', {}],
    ['ssha', 'ldap_salted_sha1', {}],
    ['smd5', 'ldap_salted_md5', {}],
    ['ssha256', 'ldap_salted_sha256', {}],
    ['ssha512', 'ldap_salted_sha512', {}],
    ['sha512crypt', 'sha512_crypt', { rounds: 1_000 }],
  ] as const) {
    test(`agrees about ${name}`, async () => {
      for (const password of trickyPasswords.slice(0, 3)) {
        const theirs = await askPasslib(name, password, null);
        assert.ok(await isMatch(format, password, theirs));
        assert.ok(!(await isMatch(format, `${password}.`, theirs)));
        const ours = await derive(format, password, options);
        assert.equal(await askPasslib(name, password, ours), 'True');
        assert.equal(await askPasslib(name, `${password}.`, ours), 'False');
      }
    });
  }
});

suite('doveadm pw', () => {
  const doveadm = (args: readonly string[], password: string) =>
    // Its own configuration may name users that are not there; -O reads none.
    runProgram('setsid', ['--wait', 'doveadm', '-O', 'pw', ...args], { input: `${password}\n${password}\n` });

  for (const [scheme, options] of [
    ['BLF-CRYPT', { cost: 5 }],
    ['ARGON2ID', { argon2: { m_cost: 1_024, t_cost: 3 } }],
    ['SHA512-CRYPT', { rounds: 1_000 }],
    ['SHA256-CRYPT', { rounds: 1_000 }],
    ['MD5-CRYPT', {}],
    ['PBKDF2', { rounds: 1_000 }],
    ['SSHA', {}],
    ['SSHA256', {}],
    ['SSHA512', {}],
    ['SMD5', {}],
    ['SHA', {}],
    ['SHA256', {}],
    ['SHA512', {}],
    ['CRYPT', { cost: 3 }],
    ['PLAIN-MD5', undefined],
    ['LDAP-MD5', undefined],
    ['PLAIN', undefined],
    ['SHA256.hex', undefined],
    ['SSHA.hex', undefined],
  ] as const) {
    test(`agrees about {${scheme}}`, async () => {
      // Two seconds each.
      for (const password of scheme === 'ARGON2ID' ? trickyPasswords.slice(1, 2) : trickyPasswords) {
        const cheap = scheme === 'ARGON2ID' ? ['-r', '3'] : scheme === 'BLF-CRYPT' ? ['-r', '5'] : [];
        const theirs = await doveadm(['-s', scheme, ...cheap], password);
        assert.equal(theirs.code, 0, theirs.stderr);
        const stored =
          theirs.stdout
            .toString()
            .split('\n')
            .findLast((line) => line.includes('{'))
            ?.replace(/^.*?\{/, '{') ?? '';
        assert.ok(await isMatch('dovecot', password, stored), stored);
        assert.ok(!(await isMatch('dovecot', `${password.slice(1)}.`, stored)));
        if (options === undefined) continue;
        const ours = await derive('dovecot', password, { scheme, ...options });
        assert.equal((await doveadm(['-t', ours], password)).code, 0, ours);
        assert.notEqual((await doveadm(['-t', ours], `${password.slice(1)}.`)).code, 0);
      }
    });
  }
});
