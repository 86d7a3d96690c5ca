import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { createClient, machines, policy, sessions, users } from '@chatelaine/contract';
import { orderModules } from '../../kernel/module-loader.ts';
import { type StartedKeep, startKeep } from '../../testing/start-keep.ts';
import { knownModules } from '../index.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'chatelaine-login-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const keyFile = path.join(directory, 'key');
execFileSync('ssh-keygen', ['-q', '-N', '', '-t', 'ed25519', '-f', keyFile]);
const publicKey = readFileSync(`${keyFile}.pub`, 'utf8').trim();

const HOUR_MS = 3_600_000;
const modules = ['machines', 'users', 'sessions'];
const passPhrase = Buffer.from('correct horse battery staple');

const sign = (text: Uint8Array): Buffer => {
  const input = path.join(directory, 'text');
  writeFileSync(input, text);
  rmSync(`${input}.sig`, { force: true });
  execFileSync('ssh-keygen', ['-q', '-Y', 'sign', '-n', sessions.LOGIN_NAMESPACE, '-f', keyFile, input]);
  return Buffer.from(readFileSync(`${input}.sig`, 'utf8').replaceAll(/-----[A-Z ]+-----|\n/g, ''), 'base64');
};

const codeOf = (answer: { readonly kind: string; readonly code?: string }): string => answer.code ?? answer.kind;

/** What the gate asks for somebody who shows this token. */
const withToken = (started: StartedKeep, credential: Uint8Array) =>
  createClient({
    call: async (operation, input) => {
      const signal = new AbortController().signal;
      const { result, dispose } = await started.keep.kernel.call(
        { role: 'gate', identity: 'gate' },
        { operation, input, signal, credential: Buffer.from(credential) },
      );
      const copy = structuredClone(result);
      dispose?.();
      return copy;
    },
    stream: async () => assert.fail('nothing is streamed'),
  });

const start = async (): Promise<StartedKeep> => {
  const started = await startKeep({ modules });
  await started.unseal();
  assert.equal((await started.admin.call(users.add, { name: 'Ada', fullName: 'Ada L.', groups: ['ops'] })).kind, 'ok');
  assert.equal((await started.admin.call(users.addKey, { name: 'ada', publicKey })).kind, 'ok');
  return started;
};

const challengeOf = async (started: StartedKeep) => {
  const asked = await started.gate.call(sessions.challenge, {});
  assert.equal(asked.kind, 'ok');
  return (asked as { value: { storeId: string; nonce: Uint8Array } }).value;
};

const proofOf = (storeId: string, user: string, nonce: Uint8Array) => {
  const fresh = { nonce, clientNonce: randomBytes(16) };
  return { kind: 'ssh-signature', ...fresh, signature: sign(sessions.loginText(storeId, user, fresh)) } as const;
};

const login = async (started: StartedKeep, user = 'ada') => {
  const { storeId, nonce } = await challengeOf(started);
  const proof = proofOf(storeId, user, nonce);
  return { answer: await started.gate.call(sessions.login, { user, proof, lifeMs: HOUR_MS }), proof };
};

const tokenOf = async (started: StartedKeep): Promise<Uint8Array> => {
  const { answer } = await login(started);
  assert.equal(answer.kind, 'ok');
  return (answer as { value: { token: Uint8Array } }).value.token;
};

const lists = (started: StartedKeep, token: Uint8Array) =>
  withToken(started, token).call(machines.list, { limit: 1 }).then(codeOf);

test('who signs with their key is in, with what was granted to them or their groups, and no more', async () => {
  await using started = await start();
  const token = await tokenOf(started);
  assert.equal(await lists(started, token), 'denied');
  const grant = { principal: 'group:ops', capability: 'machines.read', path: '**' };
  assert.equal((await started.admin.call(policy.grant, grant)).kind, 'ok');
  assert.equal(await lists(started, token), 'ok');
  assert.equal(
    codeOf(await withToken(started, token).call(users.add, { name: 'eve', fullName: '', groups: [] })),
    'denied',
  );
});

test('a signature counts once, and only for its user, its store and its half minute', async () => {
  await using started = await start();
  const { answer, proof } = await login(started);
  assert.equal(answer.kind, 'ok');
  const again = (change: object) =>
    started.gate.call(sessions.login, { user: 'ada', proof, lifeMs: HOUR_MS, ...change });
  assert.equal(codeOf(await again({})), 'unauthenticated', 'replayed');
  await started.admin.call(users.add, { name: 'bob', fullName: '', groups: [] });
  await started.admin.call(users.addKey, { name: 'bob', publicKey });
  assert.equal(codeOf(await again({ user: 'bob' })), 'unauthenticated', 'another user with the same key');
  const { nonce } = await challengeOf(started);
  const foreign = proofOf('elsewhere', 'ada', nonce);
  assert.equal(codeOf(await again({ proof: foreign })), 'unauthenticated');
  const { storeId } = await challengeOf(started);
  const late = proofOf(storeId, 'ada', nonce);
  started.clock.advance(31_000);
  assert.equal(codeOf(await again({ proof: late })), 'unauthenticated');
});

test('a pass phrase logs in; a wrong one, a stranger and a user without one get the same answer', async () => {
  await using started = await start();
  const tries = (user: string, text: Uint8Array) =>
    started.gate.call(sessions.login, { user, proof: { kind: 'pass-phrase', passPhrase: text }, lifeMs: HOUR_MS });
  assert.equal(codeOf(await tries('ada', passPhrase)), 'unauthenticated', 'there is none yet');
  await started.admin.call(users.setPassPhrase, { name: 'ada', passPhrase });
  assert.equal(codeOf(await tries('ADA', passPhrase)), 'ok');
  assert.equal(codeOf(await tries('ada', Buffer.from('correct horse battery stapl'))), 'unauthenticated');
  assert.equal(codeOf(await tries('nobody', passPhrase)), 'unauthenticated');
  assert.equal(
    codeOf(await started.admin.call(users.setPassPhrase, { name: 'ada', passPhrase: Buffer.from('short') })),
    'weak-pass-phrase',
  );
});

test('many wrong pass phrases slow the name down, never its keys, and not for good', async () => {
  await using started = await start();
  const tries = () =>
    started.gate.call(sessions.login, { user: 'ada', proof: { kind: 'pass-phrase', passPhrase }, lifeMs: HOUR_MS });
  const codes: string[] = [];
  for (let count = 0; count < 12; count++) codes.push(codeOf(await tries()));
  assert.deepEqual(new Set(codes.slice(0, 10)), new Set(['unauthenticated']));
  assert.equal(codes.at(-1), 'busy');
  assert.equal((await login(started)).answer.kind, 'ok');
  started.clock.advance(6_001);
  assert.equal(codeOf(await tries()), 'unauthenticated');
});

test('a login is over after its time, after a logout, when it is revoked, and when its user is kept out, for good', async () => {
  await using started = await start();
  await started.admin.call(policy.grant, { principal: 'user:ada', capability: 'machines.read', path: '**' });
  const late = await tokenOf(started);
  started.clock.advance(HOUR_MS);
  assert.equal(await lists(started, late), 'unauthenticated');
  const out = await tokenOf(started);
  assert.equal(codeOf(await withToken(started, out).call(sessions.logout, {})), 'ok');
  assert.equal(await lists(started, out), 'unauthenticated');
  const revoked = await tokenOf(started);
  const all = await started.admin.call(sessions.list, { limit: 10 });
  const [one, ...more] = all.kind === 'ok' ? all.value.sessions : [];
  assert.deepEqual(more, [], 'only the one that is good');
  assert.equal(one?.user, 'ada');
  assert.equal((await started.admin.call(sessions.revoke, { session: one?.session ?? '' })).kind, 'ok');
  assert.equal(await lists(started, revoked), 'unauthenticated');
  const kept = await tokenOf(started);
  assert.equal(await lists(started, kept), 'ok');
  await started.admin.call(users.disable, { name: 'ada' });
  assert.equal(await lists(started, kept), 'unauthenticated');
  assert.equal(codeOf((await login(started)).answer), 'unauthenticated');
  await started.admin.call(users.enable, { name: 'ada' });
  assert.equal(await lists(started, kept), 'unauthenticated', 'it does not come back with the user');
  assert.equal(await lists(started, await tokenOf(started)), 'ok');
});

test('the module sessions says what it needs', () => {
  assert.throws(() => orderModules(knownModules, ['sessions']), /module "sessions" requires "users"/);
});
