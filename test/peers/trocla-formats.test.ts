// Every format that the original has: exactly the same where nothing is random, and where something is, each command's value is
// checked by an independent program.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, suite, test } from 'node:test';
import { runProgram, runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';
import { type Said, TroclaPair } from '../support/trocla-pair.ts';

const passwords = ['password', 'correct horse battery staple', 'Tütü-π€', 'x'.repeat(100), ':', 'it\'s"$(x)`'];

suite('the formats of the original', () => {
  const scratch = new Scratch();
  after(() => scratch[Symbol.asyncDispose]());

  const fileOf = (content: string): string => {
    const file = path.join(scratch.directory(), 'file');
    writeFileSync(file, content, 'latin1');
    return file;
  };

  test('plain, mysql, sha1, ssha with a salt and pgsql with md5 are the same', async () => {
    const pair = new TroclaPair(scratch);
    for (const password of passwords) {
      await pair.same(['set', 'k', 'plain', `-p${password}`]);
      for (const [format, options] of [
        ['plain'],
        ['mysql'],
        ['sha1'],
        ['ssha', 'salt: abc'],
        ['pgsql', '{encode: md5, username: joe}'],
      ] as const) {
        await pair.same(['create', 'k', format, ...(options ? [options] : [])]);
      }
      await pair.same(['formats', 'k']);
    }
  });

  /** crypt(3) of the system, through Python. */
  const crypted = async (password: string, hash: string): Promise<string> =>
    (
      await runToSuccess('python3', [
        '-W',
        'ignore',
        '-c',
        'import crypt,sys; print(crypt.crypt(sys.argv[1], sys.argv[2]))',
        password,
        hash,
      ])
    ).trimEnd();

  test('crypt(3) formats are verified by the system, in the same form', async () => {
    const pair = new TroclaPair(scratch);
    for (const password of passwords.filter(({ length }) => length <= 72)) {
      await pair.same(['set', 'k', 'plain', `-p${password}`]);
      for (const [format, form] of [
        ['md5crypt', /^\$1\$[^$]{8}\$[./0-9A-Za-z]{22}$/],
        ['sha256crypt', /^\$5\$[^$]{8,16}\$[./0-9A-Za-z]{43}$/],
        ['sha512crypt', /^\$6\$[^$]{8,16}\$[./0-9A-Za-z]{86}$/],
        ['bcrypt', /^\$2[ab]\$12\$[./0-9A-Za-z]{53}$/],
      ] as const) {
        for (const { stdout } of Object.values(await pair.alike(['create', 'k', format]))) {
          assert.match(stdout.trimEnd(), form);
          assert.equal(await crypted(password, stdout.trimEnd()), stdout.trimEnd(), format);
        }
      }
    }
    const { ours, real } = await pair.alike(['create', 'c', 'bcrypt', 'cost: 2']);
    for (const { stdout } of [ours, real]) assert.match(stdout, /^\$2[ab]\$04\$/);
  });

  test('ssha and SCRAM are verified by Python', async () => {
    const pair = new TroclaPair(scratch);
    const ssha = `import hashlib,base64,sys
v=base64.b64decode(sys.argv[2][6:]); print(v[:20]==hashlib.sha1(sys.argv[1].encode()+v[20:]).digest(), len(v)-20)`;
    const scram = `import hashlib,hmac,base64,sys
a,b=sys.argv[2].split('$')[1:]; n,s=a.split(':'); st,sv=b.split(':')
k=hashlib.pbkdf2_hmac('sha256',sys.argv[1].encode(),base64.b64decode(s),int(n)); h=lambda m: hmac.new(k,m,'sha256').digest()
print(base64.b64decode(st)==hashlib.sha256(h(b'Client Key')).digest(), base64.b64decode(sv)==h(b'Server Key'), n, len(base64.b64decode(s)))`;
    for (const password of passwords) {
      await pair.same(['set', 'k', 'plain', `-p${password}`]);
      for (const [format, script, expected] of [
        ['ssha', ssha, 'True 16'],
        ['pgsql', scram, 'True True 4096 16'],
      ] as const) {
        for (const { stdout } of Object.values(await pair.alike(['create', 'k', format]))) {
          assert.equal((await runToSuccess('python3', ['-c', script, password, stdout.trimEnd()])).trimEnd(), expected);
        }
      }
    }
  });

  const charsets = [
    'default',
    'alphanumeric',
    'shellsafe',
    'windowssafe',
    'consolesafe',
    'numeric',
    'hexadecimal',
    'typesafe',
  ];

  test('random passwords have the length and the letters that were asked for', async () => {
    const pair = new TroclaPair(scratch);
    for (const charset of charsets) {
      // So long that every letter of the alphabet is there, but for one time in a million.
      const { real, ours } = await pair.alike(['create', charset, 'plain', `{charset: ${charset}, length: 2000}`]);
      const letters = ({ stdout }: Said) => [...new Set(stdout.trimEnd())].sort().join('');
      assert.equal(letters(ours), letters(real), charset);
      assert.equal(ours.stdout.length, 2_001);
    }
    for (const options of [
      ['--length', '7'],
      ['--', 'profiles: rootpw'],
      ['--', '{profiles: [login, rootpw]}'],
      ['--length=3', '--', 'length: 5'],
      ['--', 'length: "9x"'],
    ]) {
      const { real, ours } = await pair.alike(['create', options.join(), 'plain', ...options]);
      assert.equal(ours.stdout.length, real.stdout.length, options.join(' '));
    }
  });

  test('WireGuard keys: wg finds the public one, and both show the same parts', async () => {
    const pair = new TroclaPair(scratch);
    for (const side of [pair.real, pair.ours]) {
      const { stdout } = await side.run(['create', 'w', 'wireguard']);
      const [, shared, secret = ''] = /^pub: (\S{44})\npriv: (\S{44})\n$/.exec(stdout) ?? [];
      assert.equal((await runToSuccess('wg', ['pubkey'], { input: secret })).trim(), shared);
      assert.equal((await side.run(['get', 'w', 'wireguard', 'render: {pubonly: true}'])).stdout, `${shared}\n`);
      assert.equal((await side.run(['get', 'w', 'wireguard', 'render: {privonly: true}'])).stdout, `${secret}\n`);
      assert.equal((await side.run(['formats', 'w'])).stdout, 'plain, wireguard\n');
    }
    const document =
      '---\nwg_priv: oI4kKk0pOZLXKpEH4jKhx8/wzP67rfQEZ2xP81e/hVE=\nwg_pub: ughwz4o3hg0JcoI0HYL3C9Qj9TMyIUw2kQgOkFafLTc=\n';
    await pair.same(['set', 'i', 'wireguard', '--no-format', '-p'], { input: document });
    for (const render of ['{}', 'render: {pubonly: true}', 'render: {privonly: "no"}', 'render: {pubonly: false}']) {
      await pair.same(['get', 'i', 'wireguard', render]);
    }
    await pair.same(['delete', 'i']);
  });

  test('WireGuard keys that begin with + or /: each command keeps the document that Ruby writes, and reads that of the other', async () => {
    const pair = new TroclaPair(scratch);
    const written = `require 'yaml'; k, p = ARGV; print({ 'wg_priv' => k, 'wg_pub' => p }.to_yaml)`;
    for (const [secret, shared] of [
      ['2FYY10Jkqy8cDTXSYuuxoPtNTmj5vqb+lpWx9Pg0VWE=', '+1NMxP0oX4xTiU+l31GYu8yjmKs2qfC+hBjvp/0Ft0w='],
      ['CBFFBzKFqo3sYQz8kNNNgWLoe7hIvT2AElY8ZrWNZm4=', '/KWhTZZDyxlaQ4oK1QWXuFYZg/ACWh5bYO4qAWzPQlE='],
      ['+Hjlvx2EUEXCb3gyauyhNpC0ltfaeaH+AmDqb4Rp3FI=', '+ghMv/K2Flm0sd41V9AYxq5t0JSJ05GCOBelzXml3kg='],
      ['/0wGjTRkY3opn24W+EmKtFySK8+iczZwsTevuPfDE1M=', '/y8bAET3UyrEYL9xF8g8CTia3RZhWnXXqBXk66ySoWg='],
    ] as const) {
      const document = await runToSuccess('ruby', ['-e', written, secret, shared]);
      // One line end is taken off.
      await pair.real.run(['set', 'w', 'wireguard', '--no-format', '-p'], { input: `${document}\n` });
      await pair.ours.run(['set', 'w', 'wireguard', '-p'], { input: secret });
      assert.equal((await pair.same(['get', 'w', 'wireguard'])).stdout, `pub: ${shared}\npriv: ${secret}\n`);
      // The whole key is shown as it is stored.
      await pair.same(['delete', 'w']);
    }
  });

  test('ssh keys: ssh-keygen reads both, and both show the same parts of the same key', async () => {
    const pair = new TroclaPair(scratch);
    for (const options of ['{bits: 1024, comment: "a comment"}', '{}', '{type: RSA, bits: "1024"}']) {
      await pair.both(['delete', 's']);
      const { real, ours } = await pair.alike(['create', 's', 'sshkey', options]);
      for (const [side, { stdout }] of [
        [pair.real, real],
        [pair.ours, ours],
      ] as const) {
        assert.match(
          stdout,
          /^-----BEGIN RSA PRIVATE KEY-----\n[\s\S]*\n-----END RSA PRIVATE KEY-----\nssh-rsa \S+( a comment)?\n$/,
        );
        const [secret = '', line = ''] = stdout.split(/(?<=-----END RSA PRIVATE KEY-----\n)/);
        const file = fileOf(secret);
        await runToSuccess('chmod', ['600', file]);
        const [type, blob] = (await runToSuccess('ssh-keygen', ['-y', '-f', file])).split(' ');
        assert.equal(line.split(' ').slice(0, 2).join(' ').trim(), `${type} ${blob}`.trim());
        assert.equal(
          (await side.run(['get', 's', 'sshkey', 'render: {pubonly: true}'])).stdout,
          `${type} ${blob?.trim()}\n`,
        );
        assert.equal((await side.run(['get', 's', 'sshkey', 'render: {privonly: true}'])).stdout, secret);
      }
    }
    const pem = await runToSuccess('openssl', ['genrsa', '-traditional', '1024']);
    await pair.same(['set', 'i', 'sshkey', '-p'], { input: pem });
    for (const render of ['{}', 'render: {pubonly: true}', 'render: {privonly: true}'])
      await pair.same(['get', 'i', 'sshkey', render]);
    await pair.same(['delete', 'i']);
  });

  /** A certificate in OpenSSL's words, without what is random. */
  const words = async (certificate: string): Promise<string> => {
    const text = await runToSuccess('openssl', [
      'x509',
      '-noout',
      '-text',
      '-certopt',
      'no_pubkey,no_sigdump,no_validity,no_serial',
      '-in',
      fileOf(certificate),
    ]);
    return text.replaceAll(/(?:[0-9A-F]{2}:){8,}[0-9A-F]{2}/g, 'HEX');
  };

  test('certificates: OpenSSL says the same of both, an authority signs, serials are on record', async () => {
    const pair = new TroclaPair(scratch);
    const small = 'keysize: 1024';
    const rows = [
      ['ca', `{CN: My CA, become_ca: true, ${small}, name_constraints: [example.com, example.org]}`],
      [
        'host',
        `{CN: www.test, ca: ca, altnames: [a.test, b.test], C: AA, ST: Earth, L: Here, O: Org, OU: root, emailAddress: t@example.com, hash: sha512, ${small}}`,
      ],
      ['self', `{CN: self.test, ${small}, days: 7}`],
      ['blank', `{CN: has a blank, altnames: x.test, ${small}}`],
      ['none', `{CN: n.test, altnames: [], key_usages: [], ${small}}`],
      ['usage', `{CN: u.test, key_usages: [keyAgreement, digitalSignature], hash: sha384, ${small}}`],
      ['slash', `{subject: /C=CH/O=Example/CN=host.example/emailAddress=a@b.c, ${small}}`],
      ['comma', `{subject: "CN=host.example,O=Example", ${small}}`],
      ['sub', `{CN: Sub CA, ca: ca, become_ca: true, ${small}}`],
    ] as const;
    for (const [key, options] of rows) {
      const { real, ours } = await pair.alike(['create', key, 'x509', options]);
      for (const { stdout } of [real, ours]) {
        assert.match(
          stdout,
          /^-----BEGIN RSA PRIVATE KEY-----\n[\s\S]*-----BEGIN CERTIFICATE-----\n[\s\S]*-----END CERTIFICATE-----\n$/,
        );
      }
      assert.equal(await words(ours.stdout), await words(real.stdout), key);
    }
    const shown = await pair.alike(['get', 'ca_all_serials', 'plain']);
    for (const { stdout } of Object.values(shown)) assert.match(stdout, /^---\n(?:- \d+\n){2}$/);
    for (const side of [pair.real, pair.ours]) {
      const get = async (key: string, flag: string) =>
        (await side.run(['get', key, 'x509', `render: {${flag}: true}`])).stdout;
      const authority = fileOf(await get('ca', 'certonly'));
      const certificate = fileOf(await get('host', 'certonly'));
      const verified = await runProgram('openssl', ['verify', '-CAfile', authority, '-no_check_time', certificate]);
      // The name is outside of what the authority may sign: OpenSSL says so of both.
      assert.match(verified.stderr, /permitted subtree violation/);
      const secret = fileOf(await get('host', 'keyonly'));
      const shared = await get('host', 'publickeyonly');
      assert.equal(await runToSuccess('openssl', ['rsa', '-in', secret, '-pubout']), shared);
      assert.equal(await runToSuccess('openssl', ['x509', '-in', certificate, '-noout', '-pubkey']), shared);
    }
    const bundle = (await pair.ours.run(['get', 'self', 'x509'])).stdout;
    await pair.same(['set', 'i', 'x509', '-p'], { input: bundle });
    await pair.same(['get', 'i', 'x509']);
    for (const flag of ['certonly', 'keyonly', 'publickeyonly'])
      await pair.same(['get', 'i', 'x509', `render: {${flag}: true}`]);
    await pair.same(['delete', 'i']);
    await pair.same(['create', 'bad', 'x509']);
    await pair.alike(['create', 'bad', 'x509', `{CN: x, ca: nobody, ${small}}`]);
    await pair.alike(['create', 'bad', 'x509', `{CN: x, hash: nope, ${small}}`]);
  });

  test('what a format cannot take is an error in both, and stored by neither', async () => {
    const pair = new TroclaPair(scratch);
    for (const format of ['sha512crypt', 'sha256crypt', 'md5crypt', 'bcrypt']) {
      await pair.same(['set', 'n', format, '-p'], { input: 'a\0b' });
    }
    await pair.same(['set', 'n', 'pgsql', 'encode: md5', '-p', 'x']);
    for (const [format, options] of [
      ['pgsql', 'encode: foo'],
      ['bcrypt', 'cost: 40'],
      ['bcrypt', 'cost: foo'],
      ['sshkey', 'bits: 100'],
      ['sshkey', 'type: nope'],
    ] as const) {
      await pair.alike(['set', 'n', format, options, '-p', 'x']);
    }
    await pair.same(['formats', 'n']);
  });

  test('the store that one made answers the same from the other', async () => {
    const pair = new TroclaPair(scratch);
    for (const format of ['mysql', 'sha512crypt', 'bcrypt', 'pgsql', 'wireguard'])
      await pair.real.run(['create', 'k', format]);
    writeFileSync(
      path.join(pair.ours.directory, 'store.yaml'),
      readFileSync(path.join(pair.real.directory, 'store.yaml')),
    );
    for (const format of ['plain', 'mysql', 'sha512crypt', 'bcrypt', 'pgsql', 'wireguard']) {
      await pair.same(['get', 'k', format]);
      await pair.same(['create', 'k', format]);
    }
    await pair.same(['formats', 'k']);
    await pair.same(['delete', 'k']);
  });
});
