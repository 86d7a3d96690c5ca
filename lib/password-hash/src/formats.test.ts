// What holds for every format, whatever it is.

import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { z } from 'zod';
import { type Derived, type FormatOptions, formats, type PasswordFormat } from './index.ts';

/** What a format needs or what makes it quick; nothing here is about strength. */
const optionsOf: Readonly<Record<string, FormatOptions>> = {
  argon2: { argon2: { m_cost: 64, t_cost: 1 } },
  bcrypt: { cost: 4 },
  django: { rounds: 1_000 },
  dovecot: { scheme: 'SHA512-CRYPT', rounds: 1_000 },
  gostyescrypt: { cost: 1 },
  htdigest: { username: 'joe', realm: 'a place' },
  pbkdf2: { rounds: 1_000 },
  scrypt: { cost: 6 },
  sha256crypt: { rounds: 1_000 },
  sha512crypt: { rounds: 1_000 },
  sshkey: { type: 'ed25519' },
  x509: { CN: 'host.example', keysize: 2_048 },
  yescrypt: { cost: 1 },
};

const random = (target: Uint8Array): void => {
  randomFillSync(target);
};

const derive = (format: PasswordFormat, plain: Uint8Array, options: FormatOptions = optionsOf[format.name] ?? {}) =>
  format.derive({ plain, key: 'some key', options, random, nowUnixMs: 1_800_000_000_000 });

const mustDerive = async (format: PasswordFormat, plain: Uint8Array): Promise<Derived> => {
  const derived = await derive(format, plain);
  assert.equal(derived.kind, 'derived', JSON.stringify(derived));
  return derived as Derived;
};

/** `:`, `}` and `$` stand in the forms of hashes, and must not be taken for one when they stand in a password. */
const passwords = [
  '',
  'x',
  'correct horse battery staple',
  'Tütü-π€',
  ':}{$*\\\'"%n\t',
  ' leading and trailing ',
  'y'.repeat(72),
].map((password) => Buffer.from(password));

const derived = [...formats.values()].filter((format) => format.kind === 'derived');
const generated = [...formats.values()].filter((format) => format.kind === 'generated');

test('formats are listed under their own names, in lower case, in order', () => {
  for (const [name, format] of formats) {
    assert.equal(format.name, name);
    assert.match(name, /^[a-z0-9]+$/);
    assert.match(format.summary, /\.$/);
  }
  assert.deepEqual([...formats.keys()], [...formats.keys()].toSorted());
});

test('the page of formats has a row for each, and names its options', () => {
  const page = readFileSync(path.join(import.meta.dirname, '../../../docs/password-formats.md'), 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  for (const { name, options } of formats.values()) {
    const row = rows.find((line) => line.split('|')[1]?.includes(`\`${name}\``)) ?? assert.fail(`no row for ${name}`);
    const schema = z.toJSONSchema(options, { io: 'input', unrepresentable: 'any' });
    const isAlone = row.split('|')[1]?.trim() === `\`${name}\``;
    for (const option of Object.keys(schema.properties ?? {})) {
      assert.ok(row.includes(`\`${option}\``) || !isAlone || option === 'salt', `${name}: ${option}`);
    }
  }
});

test('every format that Trocla has is here', () => {
  const names =
    'argon2 bcrypt md5crypt mysql pgsql plain sha1 sha256crypt sha512crypt ssha sshkey wireguard x509 yescrypt';
  for (const name of names.split(' ')) assert.ok(formats.has(name), name);
});

for (const format of derived) {
  suite(format.name, () => {
    test('verifies what it made, and nothing else', async () => {
      for (const plain of passwords) {
        const before = Buffer.from(plain);
        const { value } = await mustDerive(format, plain);
        assert.deepEqual(await format.verify?.(plain, value), { kind: 'match' });
        assert.deepEqual(await format.verify?.(Buffer.concat([plain, Buffer.from('!')]), value), {
          kind: format.name === 'bcrypt' && plain.length === 72 ? 'match' : 'mismatch',
        });
        assert.deepEqual(plain, before, 'the password is not touched');
      }
    });

    test('recognizes what it made, which needs no rehash under the same options', async () => {
      const { value } = await mustDerive(format, Buffer.from('password'));
      assert.equal(format.recognizes(value), format.name !== 'plain');
      assert.equal(format.needsRehash(value, optionsOf[format.name] ?? {}), false);
    });

    test('shows the whole value, as a copy', async () => {
      const { value } = await mustDerive(format, Buffer.from('password'));
      const rendered = format.render(value);
      assert.equal(rendered.kind, 'rendered');
      if (rendered.kind !== 'rendered') return;
      assert.deepEqual(Buffer.from(rendered.text), Buffer.from(value));
      rendered.text.fill(0);
      assert.ok(value.some((byte) => byte !== 0));
      assert.partialDeepStrictEqual(format.render(value, 'pubonly'), { kind: 'refused', code: 'invalid-option' });
    });

    if (format.name === 'plain') return;

    test('refuses to verify against what is not of its form', async () => {
      for (const stored of ['', 'password', '{UNKNOWN}abc', '$9$abc$def', '\0', '{', 'é']) {
        const verdict = await format.verify?.(Buffer.from('password'), Buffer.from(stored), { username: 'joe' });
        assert.partialDeepStrictEqual(verdict, { kind: 'refused', code: 'not-this-format' }, JSON.stringify(stored));
        assert.equal(format.recognizes(Buffer.from(stored)), false);
        assert.equal(format.needsRehash(Buffer.from(stored), {}), true);
      }
    });
  });
}

test('the password is what nothing can be said about by its form', () => {
  const plain = formats.get('plain');
  assert.equal(plain?.recognizes(Buffer.from('$6$x')), false);
  assert.equal(plain?.needsRehash(Buffer.from('anything'), {}), false);
});

for (const format of generated) {
  suite(format.name, () => {
    test('makes something else each time, whatever the password', async () => {
      const [first, second] = [await mustDerive(format, Buffer.alloc(0)), await mustDerive(format, Buffer.alloc(0))];
      assert.notDeepEqual(Buffer.from(first.value), Buffer.from(second.value));
      assert.ok(format.recognizes(first.value));
      assert.equal(format.verify, undefined);
    });

    test('takes what it shows: an import of it gives the same again', async () => {
      const { value } = await mustDerive(format, Buffer.alloc(0));
      const imported = await format.import?.({ material: value, key: 'k', options: {}, random, nowUnixMs: 0 });
      assert.deepEqual(imported?.kind === 'derived' && Buffer.from(imported.value), Buffer.from(value));
    });

    test('says which of its parts are public, and shows nothing private in them', async () => {
      const { value } = await mustDerive(format, Buffer.alloc(0));
      const secret = format.render(value, format.renderings.find(({ isPublic }) => !isPublic)?.name);
      assert.equal(secret.kind, 'rendered');
      if (secret.kind !== 'rendered') return;
      const secretLine =
        Buffer.from(secret.text).toString().trim().split('\n').at(-2) ?? Buffer.from(secret.text).toString();
      for (const { name } of format.renderings.filter(({ isPublic }) => isPublic)) {
        const part = format.render(value, name);
        assert.equal(part.kind, 'rendered');
        if (part.kind !== 'rendered') continue;
        const text = Buffer.from(part.text).toString();
        assert.ok(text.length > 40);
        assert.ok(!text.includes('PRIVATE') && !text.includes(secretLine), name);
      }
    });

    test('refuses to show or take what is not of its form', async () => {
      const [flag] = format.renderings;
      const shown = format.render(Buffer.from('password'), flag?.name);
      assert.partialDeepStrictEqual(shown, { kind: 'refused', code: 'not-this-format' });
      for (const material of [
        '',
        'password',
        '-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n',
      ]) {
        const request = { material: Buffer.from(material), key: 'k', options: {}, random, nowUnixMs: 0 };
        assert.partialDeepStrictEqual(await format.import?.(request), { kind: 'refused', code: 'not-this-format' });
      }
    });
  });
}
