// Key pairs and certificates: what is made here is read by ssh-keygen, wg and openssl; what they make is imported here.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { derive, importMaterial, render } from '../support/password-formats.ts';
import { runProgram, runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

const scratch = new Scratch();
after(() => scratch[Symbol.asyncDispose]());

let files = 0;
let place: string;
before(() => {
  place = scratch.directory();
});

/** A new file with `content`, which ssh-keygen reads only if nobody else may. */
const fileOf = (content: string): string => {
  const file = path.join(place, `file${files++}`);
  writeFileSync(file, content, { mode: 0o600 });
  return file;
};

const newPath = (): string => path.join(place, `file${files++}`);

suite('ssh-keygen', () => {
  const publicOf = (file: string, passphrase = ''): Promise<string> =>
    runToSuccess('ssh-keygen', ['-y', '-P', passphrase, '-f', file]);
  const withoutComment = (line: string): string => line.trim().split(' ').slice(0, 2).join(' ');

  for (const [name, options, bits] of [
    ['rsa', {}, 2_048],
    ['rsa of 3072 bits', { type: 'RSA', bits: '3072' }, 3_072],
    ['ecdsa', { type: 'ecdsa' }, 256],
    ['ecdsa of 384 bits', { type: 'ecdsa', bits: 384 }, 384],
    ['ecdsa of 521 bits', { type: 'ecdsa', bits: 521 }, 521],
    ['ed25519', { type: 'ed25519' }, 256],
  ] as const) {
    test(`reads ${name}, and finds the same public key in it`, async () => {
      const stored = await derive('sshkey', '', { ...options, comment: 'joe@host' });
      const file = fileOf(render('sshkey', stored, 'privonly'));
      assert.equal(withoutComment(await publicOf(file)), render('sshkey', stored, 'pubonly'));
      const line = stored.split('\n').at(-1) ?? '';
      assert.equal(line, `${render('sshkey', stored, 'pubonly')} joe@host`);
      const listed = await runToSuccess('ssh-keygen', ['-l', '-f', fileOf(`${line}\n`)]);
      assert.match(listed, new RegExp(`^${bits} SHA256:\\S+ joe@host `));
    });
  }

  test('signs with a key made here, and verifies with its public line', async () => {
    for (const type of ['rsa', 'ecdsa', 'ed25519']) {
      const stored = await derive('sshkey', '', { type });
      const key = fileOf(render('sshkey', stored, 'privonly'));
      writeFileSync(`${key}.pub`, render('sshkey', stored, 'pubonly'));
      const message = fileOf('a message');
      await runToSuccess('ssh-keygen', ['-Y', 'sign', '-n', 'file', '-f', key, message]);
      const allowed = fileOf(`joe ${render('sshkey', stored, 'pubonly')}\n`);
      const verify = ['-Y', 'verify', '-n', 'file', '-I', 'joe', '-f', allowed, '-s', `${message}.sig`];
      assert.equal((await runProgram('ssh-keygen', verify, { input: 'a message' })).code, 0);
      assert.notEqual((await runProgram('ssh-keygen', verify, { input: 'another' })).code, 0);
    }
  });

  test('needs the passphrase that the key was made with', async () => {
    for (const type of ['rsa', 'ecdsa']) {
      const stored = await derive('sshkey', '', { type, passphrase: 'open sesame' });
      const file = fileOf(render('sshkey', stored, 'privonly'));
      assert.equal(withoutComment(await publicOf(file, 'open sesame')), render('sshkey', stored, 'pubonly'));
      assert.notEqual((await runProgram('ssh-keygen', ['-y', '-P', 'wrong', '-f', file])).code, 0);
    }
  });

  test('makes keys that are imported here', async () => {
    for (const [type, form] of [
      ['rsa', 'PEM'],
      ['rsa', 'PKCS8'],
      ['rsa', 'RFC4716'],
      ['ecdsa', 'PEM'],
      ['ecdsa', 'PKCS8'],
      ['ed25519', 'RFC4716'],
    ] as const) {
      const file = newPath();
      await runToSuccess('ssh-keygen', ['-q', '-t', type, '-m', form, '-N', '', '-C', 'theirs', '-f', file]);
      const stored = await importMaterial('sshkey', readFileSync(file, 'utf8'), { comment: 'ours' });
      assert.equal(render('sshkey', stored, 'pubonly'), withoutComment(readFileSync(`${file}.pub`, 'utf8')));
      assert.equal(render('sshkey', stored, 'privonly'), readFileSync(file, 'utf8'));
      assert.match(stored, / ours$/);
    }
  });

  test('makes encrypted keys that are imported with their passphrase, and stay encrypted', async () => {
    for (const [type, form] of [
      ['rsa', 'PEM'],
      ['ecdsa', 'PKCS8'],
      ['ed25519', 'RFC4716'],
    ] as const) {
      const file = newPath();
      await runToSuccess('ssh-keygen', ['-q', '-t', type, '-m', form, '-N', 'open sesame', '-f', file]);
      const stored = await importMaterial('sshkey', readFileSync(file, 'utf8'), { passphrase: 'open sesame' });
      assert.equal(render('sshkey', stored, 'pubonly'), withoutComment(readFileSync(`${file}.pub`, 'utf8')));
      assert.notEqual((await runProgram('ssh-keygen', ['-y', '-P', '', '-f', fileOf(stored)])).code, 0);
    }
  });

  test('reads an ed25519 key that came from openssl', async () => {
    const pem = await runToSuccess('openssl', ['genpkey', '-algorithm', 'ed25519']);
    const stored = await importMaterial('sshkey', pem);
    const file = fileOf(render('sshkey', stored, 'privonly'));
    assert.equal(withoutComment(await publicOf(file)), render('sshkey', stored, 'pubonly'));
  });
});

suite('wg', () => {
  test('computes the same public key', async () => {
    const stored = await derive('wireguard', '');
    const input = render('wireguard', stored, 'privonly');
    assert.equal((await runToSuccess('wg', ['pubkey'], { input })).trim(), render('wireguard', stored, 'pubonly'));
    assert.match(stored, /^---\nwg_priv: \S{44}\nwg_pub: \S{44}\n$/);
  });

  test('makes keys that are imported here', async () => {
    const key = await runToSuccess('wg', ['genkey']);
    const publicKey = (await runToSuccess('wg', ['pubkey'], { input: key })).trim();
    const stored = await importMaterial('wireguard', key);
    assert.equal(render('wireguard', stored), `pub: ${publicKey}\npriv: ${key.trim()}`);
    assert.equal(await importMaterial('wireguard', render('wireguard', stored)), stored);
  });
});

suite('openssl', () => {
  const authority = { CN: 'My CA', become_ca: true, keysize: 2_048, name_constraints: ['test', '.example'] };
  let ca: string;
  let caFile: string;

  before(async () => {
    ca = await derive('x509', '', authority);
    caFile = fileOf(render('x509', ca, 'certonly'));
  });

  const textOf = (stored: string): Promise<string> =>
    runToSuccess('openssl', ['x509', '-noout', '-text', '-in', fileOf(render('x509', stored, 'certonly'))]);

  const verify = (stored: string, host: string) => {
    const file = fileOf(render('x509', stored, 'certonly'));
    return runProgram('openssl', ['verify', '-x509_strict', '-CAfile', caFile, '-verify_hostname', host, file]);
  };

  test('reads of a certificate what was asked for', async () => {
    const options = {
      ...{ CN: 'www.test', altnames: ['a.test', 'b.test'], C: 'AA', ST: 'Earth', L: 'Here', O: 'Org', OU: 'root' },
      ...{ emailAddress: 't@example.com', hash: 'sha512', keysize: 2_048, ca: 'ca' },
    };
    const stored = await derive('x509', '', options, ca);
    const text = await textOf(stored);
    for (const expected of [
      /Version: 3 \(0x2\)/,
      /Signature Algorithm: sha512WithRSAEncryption/,
      /Issuer: CN = My CA\n/,
      /Subject: C = AA, ST = Earth, L = Here, O = Org, OU = root, CN = www.test, emailAddress = t@example.com\n/,
      /Subject Alternative Name: critical\n\s+DNS:www.test, DNS:a.test, DNS:b.test\n/,
      /Basic Constraints: critical\n\s+CA:FALSE\n/,
      /Key Usage: critical\n\s+Digital Signature, Non Repudiation, Key Encipherment\n/,
      /Authority Key Identifier: \n?\s+keyid:\S+\s+DirName:\/CN=My CA\s+serial:\S+/,
    ]) {
      assert.match(text, expected);
    }
    const order = [...text.matchAll(/X509v3 ([A-Za-z ]+):/g)].map(([, name]) => name).slice(1);
    assert.deepEqual(order, [
      'Subject Key Identifier',
      'Subject Alternative Name',
      'Basic Constraints',
      'Key Usage',
      'Authority Key Identifier',
    ]);
  });

  test('reads of an authority what was asked for', async () => {
    const text = await textOf(ca);
    for (const expected of [
      /Basic Constraints: critical\n\s+CA:TRUE\n/,
      /Key Usage: critical\n\s+Digital Signature, Non Repudiation, Key Encipherment, Certificate Sign, CRL Sign\n/,
      /Name Constraints: critical\n\s+Permitted:\n\s+DNS:test\n\s+DNS:.example\n/,
    ]) {
      assert.match(text, expected);
    }
    assert.doesNotMatch(text, /Alternative/);
  });

  test('writes the types of text into a name as it does itself', async () => {
    const subject = '/C=CH/O=Gärtnerei/CN=h.test/emailAddress=a@b.test/DC=test/serialNumber=7';
    const stored = await derive('x509', '', { subject, keysize: 2_048 });
    const parse = async (pem: string): Promise<string> => {
      const text = await runToSuccess('openssl', ['asn1parse', '-in', fileOf(pem)]);
      const strings = text.split('\n').filter((line) => /STRING\s+:/.test(line) && !line.includes('HEX DUMP'));
      return strings.map((line) => line.replace(/^.*prim: +/, '')).join('\n');
    };
    const key = fileOf(render('x509', stored, 'keyonly'));
    const args = [
      'req',
      '-new',
      '-x509',
      '-utf8',
      '-key',
      key,
      '-subj',
      subject,
      '-config',
      fileOf('[req]\ndistinguished_name=d\n[d]\n'),
    ];
    assert.equal(await parse(render('x509', stored, 'certonly')), await parse(await runToSuccess('openssl', args)));
  });

  test('trusts, by name and by address, what the authority signed, and nothing beyond its domains', async () => {
    const options = { CN: 'www.test', altnames: ['a.example'], keysize: 2_048, ca: 'ca' };
    const stored = await derive('x509', '', options, ca);
    for (const host of ['www.test', 'a.example']) assert.equal((await verify(stored, host)).code, 0);
    assert.notEqual((await verify(stored, 'b.example')).code, 0);
    const outside = await derive('x509', '', { ...options, CN: 'www.elsewhere' }, ca);
    assert.match((await verify(outside, 'www.elsewhere')).stderr, /permitted subtree violation/);
  });

  test('makes requests that are signed here, with keys of any kind', async () => {
    for (const key of [
      ['rsa:2048'],
      ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
      ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
      ['ed25519'],
    ]) {
      const keyFile = newPath();
      const names = [
        '-subj',
        '/O=Asked/CN=asked.test',
        '-addext',
        'subjectAltName=DNS:asked.test,DNS:b.test,email:a@b.test',
      ];
      const csr = await runToSuccess('openssl', [
        'req',
        '-new',
        '-newkey',
        ...key,
        '-nodes',
        '-keyout',
        keyFile,
        ...names,
      ]);
      const stored = await derive('x509', '', { csr, ca: 'ca', days: 30 }, ca);
      assert.equal((await verify(stored, 'b.test')).code, 0);
      const text = await textOf(stored);
      assert.match(text, /Subject: O = Asked, CN = asked.test\n/);
      assert.match(text, /DNS:asked.test, DNS:b.test\n/);
      const publicKey = await runToSuccess('openssl', ['pkey', '-in', keyFile, '-pubout']);
      assert.equal(render('x509', stored, 'publickeyonly'), publicKey);
    }
  });

  test('verifies a request made here', async () => {
    const stored = await derive('x509', '', { CN: 'www.test', altnames: ['b.test'], keysize: 2_048 });
    const request = fileOf(render('x509', stored, 'csronly'));
    const { code, stdout, stderr } = await runProgram('openssl', ['req', '-verify', '-noout', '-text', '-in', request]);
    assert.equal(code, 0, stderr);
    assert.match(stdout.toString(), /Subject: CN = www.test\n/);
    assert.match(stdout.toString(), /DNS:www.test, DNS:b.test/);
  });

  test('makes keys with certificates that are imported here, and then sign', async () => {
    for (const key of [['rsa:2048'], ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], ['ed25519']]) {
      const keyFile = newPath();
      const args = [
        'req',
        '-new',
        '-x509',
        '-newkey',
        ...key,
        '-nodes',
        '-keyout',
        keyFile,
        '-subj',
        '/CN=Old CA',
        '-addext',
        'keyUsage=keyCertSign',
      ];
      const certificate = await runToSuccess('openssl', args);
      const imported = await importMaterial('x509', certificate + readFileSync(keyFile, 'utf8'));
      assert.equal(render('x509', imported, 'certonly'), certificate);
      const signed = await derive('x509', '', { CN: 'www.test', ca: 'ca', keysize: 2_048 }, imported);
      const trusted = fileOf(certificate);
      const file = fileOf(render('x509', signed, 'certonly'));
      await runToSuccess('openssl', ['verify', '-x509_strict', '-CAfile', trusted, file]);
    }
  });
});

suite('trocla', () => {
  const config = (): string => {
    const store = newPath();
    return fileOf(`store: :moneta\nstore_options:\n  adapter: :YAML\n  adapter_options:\n    :file: '${store}'\n`);
  };

  test('shows the parts of what was made here as they are shown here', async () => {
    const configFile = config();
    for (const [format, options] of [
      ['sshkey', { comment: 'joe' }],
      ['wireguard', {}],
      ['x509', { CN: 'www.test', keysize: 2_048 }],
    ] as const) {
      const stored = await derive(format, '', options);
      const set = ['-c', configFile, 'set', 'key', format, '--no-format', '-p'];
      await runToSuccess('trocla', set, { input: `${stored}\n` });
      const flags = {
        sshkey: ['privonly', 'pubonly'],
        wireguard: ['privonly', 'pubonly'],
        x509: ['keyonly', 'certonly', 'publickeyonly'],
      };
      for (const flag of [undefined, ...flags[format]]) {
        const yaml = flag === undefined ? [] : [`render: {${flag}: true}`];
        const shown = await runToSuccess('trocla', ['-c', configFile, 'get', 'key', format, ...yaml]);
        assert.equal(shown.trimEnd(), render(format, stored, flag).trimEnd(), `${format} ${flag}`);
      }
    }
  });

  test('signs with an authority made here, and its own authority signs here', async () => {
    const configFile = config();
    const ours = await derive('x509', '', { CN: 'Our CA', become_ca: true, keysize: 2_048 });
    await runToSuccess('trocla', ['-c', configFile, 'set', 'ca', 'x509', '--no-format', '-p'], { input: `${ours}\n` });
    const create = ['-c', configFile, 'create', 'host', 'x509', '{CN: www.test, ca: ca, keysize: 2048}'];
    const theirs = await runToSuccess('trocla', create);
    const [trusted, signed] = [render('x509', ours, 'certonly'), render('x509', theirs, 'certonly')].map(fileOf);
    await runToSuccess('openssl', ['verify', '-CAfile', trusted ?? '', signed ?? '']);
    const theirCa = await runToSuccess('trocla', [
      '-c',
      configFile,
      'create',
      'own',
      'x509',
      '{CN: Theirs, become_ca: true, keysize: 2048}',
    ]);
    const host = await derive('x509', '', { CN: 'www.test', ca: 'own', keysize: 2_048 }, theirCa);
    const [root, leaf] = [render('x509', theirCa, 'certonly'), render('x509', host, 'certonly')].map(fileOf);
    await runToSuccess('openssl', ['verify', '-CAfile', root ?? '', leaf ?? '']);
  });

  test('makes a certificate with the same words in it, but for key, serial and time', async () => {
    const configFile = config();
    const yaml =
      '{CN: www.test, altnames: [a.test], C: CH, O: Gärtnerei, emailAddress: a@b.test, keysize: 2048, days: 9}';
    const theirs = await runToSuccess('trocla', ['-c', configFile, 'create', 'h', 'x509', yaml], {
      env: { LANG: 'C.UTF-8' },
    });
    const ours = await derive('x509', '', {
      ...{ CN: 'www.test', altnames: ['a.test'], C: 'CH', O: 'Gärtnerei', emailAddress: 'a@b.test', keysize: 2_048 },
      days: 9,
    });
    const words = async (stored: string): Promise<string> => {
      const text = await runToSuccess('openssl', [
        'x509',
        '-noout',
        '-text',
        '-in',
        fileOf(render('x509', stored, 'certonly')),
      ]);
      return text
        .replaceAll(/(?:[0-9A-F]{2}:?){10,}/gi, 'BYTES')
        .replaceAll(/Not (?:Before|After).*/g, 'TIME')
        .replaceAll(/Modulus:[\s\S]*?Exponent/g, 'Exponent')
        .replaceAll(/Signature Value:[\s\S]*/g, '');
    };
    assert.equal(await words(ours), await words(theirs));
  });
});
