import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type InputOf, passwords, policy, type Result, tokens } from '@chatelaine/contract';
import { formats } from '@chatelaine/password-hash';
import { type StartedKeep, startKeep } from '../../testing/start-keep.ts';

type Grant = InputOf<typeof tokens.create>['grants'][number];

const must = <T>(result: Result<T>): T => {
  if (result.kind === 'refused') throw new Error(`${result.code} ${result.field ?? ''} ${result.message ?? ''}`);
  return result.value;
};

/** Who there is: their groups (for a machine, its type) and what is granted to them alone. */
const people: Readonly<Record<string, { readonly groups: readonly string[]; readonly grants: readonly Grant[] }>> = {
  mailer: { groups: [], grants: [{ capability: 'passwords.get', path: 'mail/*' }] },
  puppet: {
    groups: [],
    grants: [
      { capability: 'passwords.create.hashes', path: 'mail/**' },
      { capability: 'passwords.get.hashes', path: 'mail/**' },
      { capability: 'passwords.get.public', path: 'hosts/*' },
    ],
  },
  shadow: { groups: [], grants: [{ capability: 'passwords.get.sha512crypt', path: '**' }] },
  operator: { groups: [], grants: [{ capability: 'passwords.*', path: 'mail/postmaster' }] },
  db1: { groups: ['dbserver'], grants: [] },
  web1: { groups: ['webserver'], grants: [] },
  nobody: { groups: [], grants: [] },
};

/** What is granted to types of machines. */
const typeGrants = [
  { principal: 'group:dbserver', capability: 'passwords.get.pgsql', path: 'postgres_*' },
  { principal: 'group:dbserver', capability: 'passwords.get.plain', path: 'backup/db' },
];

const table: readonly (readonly [
  who: string,
  verb: 'get' | 'create' | 'delete',
  key: string,
  format: string,
  yes: boolean,
])[] = [
  ['mailer', 'get', 'mail/postmaster', 'plain', true],
  ['mailer', 'get', 'mail/postmaster', 'sha512crypt', true],
  ['mailer', 'get', 'mail/lists/a', 'plain', false],
  ['mailer', 'get', 'postgres_web', 'pgsql', false],
  ['mailer', 'create', 'mail/postmaster', 'plain', false],
  ['puppet', 'create', 'mail/postmaster', 'sha512crypt', true],
  ['puppet', 'create', 'mail/lists/a', 'mysql', true],
  ['puppet', 'get', 'mail/lists/a', 'mysql', true],
  ['puppet', 'get', 'mail/postmaster', 'plain', false],
  ['puppet', 'create', 'mail/postmaster', 'plain', false],
  ['puppet', 'create', 'mail/postmaster', 'PLAIN', false],
  ['puppet', 'get', 'hosts/a', 'sshkey pubonly', true],
  ['puppet', 'get', 'hosts/a', 'sshkey', false],
  ['puppet', 'get', 'hosts/a', 'sshkey privonly', false],
  ['puppet', 'delete', 'mail/postmaster', 'sha512crypt', false],
  ['shadow', 'get', 'mail/postmaster', 'sha512crypt', true],
  ['shadow', 'get', 'postgres_web', 'sha512crypt', true],
  ['shadow', 'get', 'postgres_web', 'pgsql', false],
  ['shadow', 'get', 'mail/postmaster', 'plain', false],
  ['operator', 'get', 'mail/postmaster', 'plain', true],
  ['operator', 'delete', 'mail/postmaster', 'mysql', true],
  ['operator', 'delete', 'mail/lists/a', 'mysql', false],
  ['db1', 'get', 'postgres_web', 'pgsql', true],
  ['db1', 'get', 'postgres_web', 'plain', false],
  ['db1', 'get', 'postgres', 'pgsql', false],
  ['db1', 'get', 'x/postgres_web', 'pgsql', false],
  ['db1', 'get', 'backup/db', 'plain', true],
  ['web1', 'get', 'postgres_web', 'pgsql', false],
  ['nobody', 'get', 'mail/postmaster', 'sha512crypt', false],
];

const operations = { get: passwords.get, create: passwords.create, delete: passwords.remove } as const;

const stockUp = async ({ admin }: StartedKeep): Promise<void> => {
  for (const key of ['mail/postmaster', 'mail/lists/a', 'postgres_web', 'postgres', 'x/postgres_web', 'backup/db']) {
    for (const format of ['sha512crypt', 'mysql', 'pgsql']) {
      must(await admin.call(passwords.create, { key, format, options: {} }));
    }
  }
  must(await admin.call(passwords.create, { key: 'hosts/a', format: 'sshkey', options: { type: 'ed25519' } }));
  must(await admin.call(policy.apply, { grant: typeGrants, revoke: [] }));
};

test('which token or type of machine gets which key in which format, as a table', async () => {
  await using started = await startKeep();
  await started.unseal();
  await stockUp(started);
  const credentials = new Map<string, Uint8Array>();
  for (const [name, { groups, grants }] of Object.entries(people)) {
    const input = { name, expiresInMs: null, groups: [...groups], grants: [...grants] };
    credentials.set(name, must(await started.admin.call(tokens.create, input)).token);
  }
  for (const [who, verb, key, formatAndPart, yes] of table) {
    const [format = '', render] = formatAndPart.split(' ');
    const input = { key, format, ...(render !== undefined && { render }), ...(verb === 'create' && { options: {} }) };
    const credential = credentials.get(who) ?? Buffer.alloc(0);
    const answer = await started.gate.call(operations[verb], input as never, { credential, source: '192.0.2.1' });
    const row = `${who} ${verb} ${key} ${formatAndPart}`;
    assert.equal(answer.kind === 'refused' ? answer.code : 'ok', yes ? 'ok' : 'denied', row);
    const capability = `passwords.${verb}.${format === 'PLAIN' ? 'plain' : format}`;
    if (render !== undefined) continue;
    const tested = must(await started.admin.call(policy.test, { principal: `token:${who}`, capability, path: key }));
    assert.equal(tested.allowed, yes, `policy test: ${row}`);
  }
});

test('whoever lists sees no more than the globs of their grants', async () => {
  await using started = await startKeep();
  await started.unseal();
  await stockUp(started);
  const input = {
    name: 'ci',
    expiresInMs: null,
    groups: [],
    grants: [{ capability: 'passwords.read', path: 'mail/*' }],
  };
  const credential = must(await started.admin.call(tokens.create, input)).token;
  const list = (glob: string) =>
    started.gate.call(passwords.list, { glob, limit: 100 }, { credential, source: '192.0.2.1' });
  assert.deepEqual(
    must(await list('mail/*')).keys.map(({ key }) => key),
    ['mail/postmaster'],
  );
  assert.equal((await list('mail/post*')).kind, 'ok');
  for (const glob of ['**', 'mail/**', '*/postmaster', '*', 'mail/*/a', 'mail']) {
    const answer = await list(glob);
    assert.equal(answer.kind === 'refused' && answer.code, 'denied', glob);
  }
});

test('the formats that can be granted are those there are, and those called hashes hold no secret', () => {
  const { hashFormats, secretFormats } = passwords;
  assert.deepEqual([...hashFormats, ...Object.keys(secretFormats)].toSorted(), [...formats.keys()]);
  for (const { name, isRecoverable, renderings } of formats.values()) {
    assert.equal(Object.hasOwn(secretFormats, name), isRecoverable, name);
    const open = renderings.filter(({ isPublic }) => isPublic).map((rendering) => rendering.name);
    assert.deepEqual([...(secretFormats[name] ?? [])].toSorted(), open.toSorted(), name);
  }
});
