// Passwords that Debian's slapd keeps, asked for by a keep of its own.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, before, suite, test } from 'node:test';
import { type InputOf, ldap, totp, users } from '@chatelaine/contract';
import { ldapTable } from '../../server/keep/src/modules/ldap/ldap-settings.ts';
import { oneTimeCode } from '../../server/keep/src/otp/one-time-code.ts';
import { codeOf, SEED, totpEnrolment } from '../../server/keep/src/otp/testing/start-with-users.ts';
import { type StartedKeep, startKeep } from '../../server/keep/src/testing/start-keep.ts';
import { freePort } from '../support/free-port.ts';
import { Scratch } from '../support/scratch.ts';
import {
  base,
  makeCertificates,
  type PersonEntry,
  people,
  type Slapd,
  searcher,
  startSlapd,
} from '../support/slapd.ts';
import { startTalker } from '../support/ssh-server.ts';

const oddNames = [
  'o’brien, j.',
  'a*)(uid=ada',
  '#lead\\and "quote"',
  ' both ends ',
  'Zoë=Müller+1;<x>',
  'böse\u2028zeile',
];
const dnValue = (name: string): string =>
  [...Buffer.from(name)].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');

const persons: readonly PersonEntry[] = [
  { uid: 'ada', password: 'correct horse', more: ['userPrincipalName: ada@example.org'] },
  { uid: 'bob', password: 'battery staple', more: ['userAccountControl: 514'] },
  { uid: 'eve', password: 'p', more: ['pwdAccountLockedTime: 000001010000Z'] },
  { uid: 'expired', password: 'too old', more: ['userAccountControl: 8389120'] },
  { uid: 'nopassword', password: '' },
  { uid: 'long', password: 'ü'.repeat(512) },
  ...oddNames.map((uid) => ({ uid, rdn: `uid=${dnValue(uid)}`, password: `of ${uid}` })),
];

const referral = (port: number): string =>
  [`dn: ou=elsewhere,${base}`, 'objectClass: referral', 'objectClass: extensibleObject', 'ou: elsewhere']
    .concat(`ref: ldap://127.0.0.1:${port}/ou=elsewhere,${base}`)
    .join('\n');

type Table = Parameters<typeof ldapTable.parse>[0] & object;
type Credentials = Omit<InputOf<typeof ldap.verify>, 'user' | 'password'> & { readonly password: string };

const bySearch = { search_base: people, search_as: searcher.dn };
const byDn = { user_dn: `uid={user},${people}` };

/** A keep whose users are asked about at these servers. */
const startKeepFor = async (authority: string, table: Table): Promise<StartedKeep> => {
  const settings = { ldap: ldapTable.parse({ ca_file: authority, timeout_seconds: 2, ...table }) };
  const started = await startKeep({ modules: ['users', 'aes', 'totp', 'ldap'], settings });
  await started.unseal();
  await started.admin.call(ldap.setBindPassword, { password: Buffer.from(searcher.password) });
  for (const name of ['ada', 'bob', 'eve', 'u1', 'u2']) {
    assert.equal(codeOf(await started.admin.call(users.add, { name, fullName: '', groups: [] })), 'ok');
  }
  return started;
};

const associate = async ({ admin }: StartedKeep, user: string, name = user, code: 'none' | 'totp' = 'none') => {
  assert.equal(codeOf(await admin.call(ldap.set, { user, name, code })), 'ok');
  await admin.call(ldap.allowTries, { user });
};

const verify = async ({ admin }: StartedKeep, user: string, { password, ...more }: Credentials): Promise<string> =>
  codeOf(await admin.call(ldap.verify, { user, password: Buffer.from(password), ...more }));

const problemsOf = async ({ admin }: StartedKeep): Promise<readonly (string | undefined)[]> => {
  const tested = await admin.call(ldap.test, {});
  assert.equal(tested.kind, 'ok');
  return tested.kind === 'ok' ? tested.value.servers.map(({ problem }) => problem) : [];
};

suite('slapd', () => {
  const scratch = new Scratch();
  let slapd: Slapd;
  let authority: string;
  const calls: net.Socket[] = [];
  before(async () => {
    const elsewhere = net.createServer((socket) => calls.push(socket));
    elsewhere.listen(await freePort(), '127.0.0.1');
    await once(elsewhere, 'listening');
    scratch.atEnd(() => elsewhere.close());
    const { port } = elsewhere.address() as net.AddressInfo;
    slapd = await startSlapd(scratch, persons, { more: [referral(port)] });
    authority = slapd.certificates.authority;
  });
  after(() => scratch[Symbol.asyncDispose]());

  /** One keep for all tests with the same settings. */
  const shared = new Map<string, Promise<StartedKeep>>();
  const keepFor = (table: Table, file = authority): Promise<StartedKeep> => {
    const key = JSON.stringify([table, file]);
    const found = shared.get(key) ?? startKeepFor(file, table);
    if (!shared.has(key)) scratch.atEnd(async () => (await found)[Symbol.asyncDispose]());
    shared.set(key, found);
    return found;
  };

  for (const way of ['ldaps', 'ldap'] as const) {
    for (const [words, table] of [
      ['by a search', bySearch],
      ['by a DN', byDn],
    ] as const) {
      test(`a right password is right, and a wrong one is not: ${way}://, ${words}`, async () => {
        const keep = await keepFor({ servers: [slapd[way]], ...table });
        await associate(keep, 'ada');
        assert.deepEqual(await problemsOf(keep), [undefined]);
        assert.equal(await verify(keep, 'ada', { password: 'correct horse' }), 'ok');
        assert.equal(await verify(keep, 'ada', { password: 'correct hors' }), 'wrong-credentials');
        assert.equal(await verify(keep, 'ada', { password: 'correct horse ' }), 'wrong-credentials');
        assert.equal(await verify(keep, 'ada', { password: 'battery staple' }), 'wrong-credentials', 'somebody else’s');
        assert.equal(await verify(keep, 'ADA', { password: 'correct horse' }), 'ok', 'names have no case');
        await associate(keep, 'bob', 'long');
        assert.equal(await verify(keep, 'bob', { password: 'ü'.repeat(512) }), 'ok', '1,024 bytes');
      });
    }
  }

  test('an empty password never gets there, and nobody without one is let in', async () => {
    const keep = await keepFor({ servers: [slapd.ldaps], ...byDn });
    await associate(keep, 'ada');
    await associate(keep, 'bob', 'nopassword');
    assert.equal(await verify(keep, 'ada', { password: '' }), 'invalid-input');
    assert.equal(await verify(keep, 'bob', { password: '' }), 'invalid-input');
    assert.equal(await verify(keep, 'bob', { password: '\0' }), 'wrong-credentials');
  });

  test('whoever has no entry, is unknown, kept out, removed or somebody new is refused alike', async () => {
    const keep = await keepFor({ servers: [slapd.ldaps], ...bySearch });
    const right = { password: 'correct horse' };
    await keep.admin.call(ldap.unset, { user: 'ada' });
    assert.equal(await verify(keep, 'ada', right), 'wrong-credentials', 'no entry');
    assert.equal(await verify(keep, 'stranger', right), 'wrong-credentials');
    await associate(keep, 'ada');
    await associate(keep, 'bob', 'nobody-there');
    assert.equal(await verify(keep, 'bob', right), 'wrong-credentials');
    await keep.admin.call(users.disable, { name: 'ada' });
    assert.equal(await verify(keep, 'ada', right), 'wrong-credentials', 'kept out');
    await keep.admin.call(users.enable, { name: 'ada' });
    assert.equal(await verify(keep, 'ada', right), 'ok');
    keep.clock.advance(1);
    await keep.admin.call(users.remove, { name: 'ada' });
    await keep.admin.call(users.add, { name: 'ada', fullName: 'another one', groups: [] });
    assert.equal(await verify(keep, 'ada', right), 'wrong-credentials', 'a former user’s entry');
    await associate(keep, 'ada');
    await keep.admin.call(ldap.unset, { user: 'ada' });
    assert.equal(await verify(keep, 'ada', right), 'wrong-credentials', 'unset');
  });

  for (const [words, table] of [
    ['in a filter', bySearch],
    ['in a DN', byDn],
  ] as const) {
    test(`whatever an account is called, ${words} it is one value`, async () => {
      const keep = await keepFor({ servers: [slapd.ldaps], ...table });
      for (const name of oddNames) {
        await associate(keep, 'u1', name);
        assert.equal(await verify(keep, 'u1', { password: `of ${name}` }), 'ok', name);
        assert.equal(await verify(keep, 'u1', { password: 'correct horse' }), 'wrong-credentials', name);
      }
      for (const name of ['*', 'a*', 'ada)(cn=*', 'ada,ou=people', `ada,${people}`]) {
        await associate(keep, 'u1', name);
        await keep.admin.call(ldap.allowTries, { user: 'u1' });
        assert.equal(await verify(keep, 'u1', { password: 'correct horse' }), 'wrong-credentials', name);
      }
    });
  }

  test('a principal is looked for as any other attribute, and one of another domain is nobody', async () => {
    const filter = '(&(objectClass=adUser)(userPrincipalName={user}@example.org))';
    const keep = await keepFor({ servers: [slapd.ldap], ...bySearch, search_filter: filter });
    await associate(keep, 'ada');
    assert.equal(await verify(keep, 'ada', { password: 'correct horse' }), 'ok');
    const direct = await keepFor({ servers: [slapd.ldap], user_principal: '{user}@example.org' });
    await associate(direct, 'ada');
    // OpenLDAP takes DNs alone, and says that this is none.
    assert.equal(await verify(direct, 'ada', { password: 'correct horse' }), 'directory-unavailable');
  });

  test('two entries of one name are nobody', async () => {
    const table = { ...bySearch, search_filter: '(|(uid={user})(uid=bob))' };
    const keep = await keepFor({ servers: [slapd.ldaps], ...table });
    await associate(keep, 'ada');
    assert.equal(await verify(keep, 'ada', { password: 'correct horse' }), 'wrong-credentials');
  });

  test('a disabled, expired or locked account is not let in, and only who has its password learns so', async () => {
    const keep = await keepFor({ servers: [slapd.ldaps], ...bySearch });
    await associate(keep, 'bob');
    await associate(keep, 'eve');
    await associate(keep, 'u1', 'expired');
    assert.equal(await verify(keep, 'bob', { password: 'battery staple' }), 'account-barred');
    assert.equal(await verify(keep, 'bob', { password: 'wrong' }), 'wrong-credentials');
    assert.equal(await verify(keep, 'u1', { password: 'too old' }), 'password-expired');
    assert.equal(await verify(keep, 'u1', { password: 'wrong' }), 'wrong-credentials');
    assert.equal(await verify(keep, 'eve', { password: 'p' }), 'wrong-credentials', 'locked by ppolicy');
  });

  test('a server whose certificate is from another authority, or for another name, hears nothing of anybody', async () => {
    const others = await makeCertificates(scratch, 'DNS:localhost');
    const untrusting = await keepFor({ servers: [slapd.ldaps, slapd.ldap], ...bySearch }, others.authority);
    await associate(untrusting, 'ada');
    assert.deepEqual(await problemsOf(untrusting), ['untrusted', 'untrusted']);
    assert.equal(await verify(untrusting, 'ada', { password: 'correct horse' }), 'directory-unavailable');
    const [plain, encrypted] = slapd.ports;
    const servers = [`ldaps://127.0.0.1:${encrypted}`, `ldap://127.0.0.1:${plain}`];
    const misled = await keepFor({ servers, ...bySearch });
    await associate(misled, 'ada');
    assert.deepEqual(await problemsOf(misled), ['wrong-name', 'wrong-name']);
    assert.equal(await verify(misled, 'ada', { password: 'correct horse' }), 'directory-unavailable');
  });

  test('what is wrong with the account that searches, the base or the file is said as it is', async () => {
    await using keep = await startKeepFor(authority, { servers: [slapd.ldaps], ...bySearch });
    await keep.admin.call(ldap.setBindPassword, { password: Buffer.from('wrong') });
    assert.deepEqual(await problemsOf(keep), ['bind-refused']);
    await keep.admin.call(ldap.setBindPassword, { password: new Uint8Array(0) });
    assert.deepEqual(await problemsOf(keep), ['no-bind-password']);
    const table = { servers: [slapd.ldaps], ...bySearch };
    const elsewhere = await keepFor({ ...table, search_base: `ou=nowhere,${base}` });
    assert.deepEqual(await problemsOf(elsewhere), ['base-not-found']);
    const without = await keepFor(table, '/nowhere/ca.pem');
    assert.deepEqual(await problemsOf(without), ['ca-file']);
  });

  test('a referral to another host is not followed', async () => {
    const table = { servers: [slapd.ldaps], ...bySearch, search_base: base };
    const keep = await keepFor(table);
    await associate(keep, 'ada');
    assert.equal(await verify(keep, 'ada', { password: 'correct horse' }), 'ok', 'a search that also gives a referral');
    const direct = await keepFor({ servers: [slapd.ldaps], user_dn: `uid={user},ou=elsewhere,${base}` });
    await associate(direct, 'ada');
    assert.notEqual(await verify(direct, 'ada', { password: 'correct horse' }), 'ok');
    assert.equal(calls.length, 0);
  });

  suite('with a code', () => {
    const codeAt = (keep: StartedKeep): string =>
      oneTimeCode(SEED, Math.floor(keep.clock.nowUnixMs() / 30_000), totpEnrolment).toString();
    const startWithCode = async (table: Table): Promise<StartedKeep> => {
      const keep = await startKeepFor(authority, { ...bySearch, ...table });
      await keep.admin.call(totp.enroll, { user: 'ada', ...totpEnrolment });
      const codes = [codeAt(keep)];
      assert.equal(codeOf(await keep.admin.call(totp.confirm, { user: 'ada', credential: 'default', codes })), 'ok');
      keep.clock.advance(30_000);
      await associate(keep, 'ada', 'ada', 'totp');
      return keep;
    };
    const right = { password: 'correct horse' };

    test('both have to be right, and the code is spent only then, once', async () => {
      await using keep = await startWithCode({ servers: [slapd.ldaps] });
      const code = codeAt(keep);
      assert.equal(await verify(keep, 'ada', right), 'wrong-credentials', 'no code');
      assert.equal(await verify(keep, 'ada', { ...right, code: '000000' }), 'wrong-credentials', 'a wrong code');
      assert.equal(await verify(keep, 'ada', { password: 'wrong', code }), 'wrong-credentials', 'a wrong password');
      assert.equal(await verify(keep, 'ada', { ...right, code }), 'ok', 'neither had spent it');
      assert.equal(await verify(keep, 'ada', { ...right, code }), 'wrong-credentials', 'spent');
      assert.equal(codeOf(await keep.admin.call(totp.verify, { user: 'ada', code })), 'wrong-code', 'there, too');
      await associate(keep, 'bob');
      assert.equal(await verify(keep, 'bob', { password: 'battery staple', code: '123456' }), 'wrong-credentials');
    });

    test('of many requests with one password and code exactly one is let in', async () => {
      await using keep = await startWithCode({ servers: [slapd.ldaps] });
      const code = codeAt(keep);
      const sent = Array.from({ length: 16 }, () => verify(keep, 'ada', { ...right, code }));
      assert.equal((await Promise.all(sent)).filter((answer) => answer === 'ok').length, 1);
    });

    test('an outage says so, spends no code, costs no try and changes nothing', async () => {
      await using own = new Scratch();
      const server = await startSlapd(own, persons, { certificates: slapd.certificates });
      await using keep = await startWithCode({ servers: [server.ldaps] });
      const code = codeAt(keep);
      const listed = () => keep.admin.call(ldap.list, { limit: 10 });
      const beforeOutage = await listed();
      await server.kill();
      for (let count = 0; count < 12; count++) {
        assert.equal(await verify(keep, 'ada', { ...right, code }), 'directory-unavailable');
      }
      assert.equal(await verify(keep, 'stranger', right), 'directory-unavailable', 'a stranger hears the same');
      assert.deepEqual(await listed(), beforeOutage);
      await server.start();
      assert.equal(await verify(keep, 'ada', { ...right, code }), 'ok');
    });
  });

  test('wrong passwords are limited, never for good, and not where the user is known to be', async () => {
    const keep = await keepFor({ servers: [slapd.ldaps], ...byDn });
    await associate(keep, 'ada');
    const home = { source: { address: '192.0.2.7' } };
    assert.equal(await verify(keep, 'ada', { password: 'correct horse', ...home }), 'ok');
    for (let count = 0; count < 12; count++) {
      assert.equal(await verify(keep, 'ada', { password: 'guess' }), 'wrong-credentials');
    }
    assert.equal(await verify(keep, 'ada', { password: 'correct horse' }), 'wrong-credentials', 'no try left');
    assert.equal(await verify(keep, 'ada', { password: 'correct horse', ...home }), 'ok', 'at home');
    keep.clock.advance(600_001);
    assert.equal(await verify(keep, 'ada', { password: 'correct horse' }), 'ok', 'later');
  });

  test('a server that is gone, hangs, talks nonsense or dies is passed over for the next one', async () => {
    const silent = await startTalker(scratch, '');
    const nonsense = await startTalker(scratch, 'HTTP/1.1 400 Bad Request\r\n\r\n');
    const gone = await freePort();
    const servers = [gone, silent, nonsense].map((port) => `ldaps://localhost:${port}`);
    await using keep = await startKeepFor(authority, {
      servers: [...servers, slapd.ldaps],
      ...bySearch,
      timeout_seconds: 1,
    });
    await associate(keep, 'ada');
    assert.deepEqual(await problemsOf(keep), ['unreachable', 'timed-out', 'no-tls', undefined]);
    assert.equal(await verify(keep, 'ada', { password: 'correct horse' }), 'ok');
    assert.equal(await verify(keep, 'ada', { password: 'wrong' }), 'wrong-credentials');
  });

  test('a server that is stopped or killed while it is asked is passed over as well', async () => {
    await using own = new Scratch();
    const server = await startSlapd(own, persons, { certificates: slapd.certificates });
    const table = { servers: [server.ldaps, slapd.ldap], ...bySearch, timeout_seconds: 1 };
    const keep = await keepFor(table);
    await associate(keep, 'ada');
    server.process().kill('SIGSTOP');
    assert.equal(await verify(keep, 'ada', { password: 'correct horse' }), 'ok', 'it hangs');
    keep.clock.advance(31_000);
    const asked = verify(keep, 'ada', { password: 'correct horse' });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await server.kill();
    assert.equal(await asked, 'ok', 'it dies');
  });
});
