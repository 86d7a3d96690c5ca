import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aes, hotp, totp, users } from '@chatelaine/contract';
import { ModuleLoadError, orderModules } from '../../kernel/module-loader.ts';
import { oneTimeCode } from '../../otp/one-time-code.ts';
import { codeOf, hotpEnrolment, SEED, startWithUsers, totpEnrolment } from '../../otp/testing/start-with-users.ts';
import { knownModules } from '../index.ts';

const people = ['ada', 'bob'] as const;
const links = [[], ['hotp'], ['totp'], ['hotp', 'totp']] as const;

test('a key is handed to a module only if it is the user’s and linked to that module: every combination', async () => {
  await using started = await startWithUsers();
  const { admin } = started;
  for (const owner of people) {
    for (const linked of links) {
      const key = ['key', ...linked].join('-');
      assert.equal(codeOf(await admin.call(aes.bring, { user: owner, key: `${owner}-${key}`, value: SEED })), 'ok');
      for (const module of linked) {
        assert.equal(codeOf(await admin.call(aes.link, { user: owner, key: `${owner}-${key}`, module })), 'ok');
      }
    }
  }
  let handed = 0;
  for (const owner of people) {
    for (const linked of links) {
      const key = `${owner}-${['key', ...linked].join('-')}`;
      for (const user of [...people, 'nobody']) {
        for (const module of ['hotp', 'totp'] as const) {
          const secret = { kind: 'key', key } as const;
          const credential = `c${handed}`;
          const enrolled =
            module === 'hotp'
              ? await admin.call(hotp.enroll, { user, ...hotpEnrolment, credential, secret })
              : await admin.call(totp.enroll, { user, ...totpEnrolment, credential, secret });
          const isRight = user === owner && (linked as readonly string[]).includes(module);
          assert.equal(enrolled.kind === 'ok', isRight, `${key} for ${user} in ${module}`);
          if (isRight) handed++;
        }
      }
    }
  }
  assert.equal(handed, 8);
});

test('a key that is taken away, or whose user is kept out or is another one by now, makes no code good', async () => {
  await using started = await startWithUsers();
  const { admin, clock } = started;
  const key = { user: 'ada', key: 'seed' };
  await admin.call(aes.bring, { ...key, value: SEED });
  const toHotp = { ...key, module: 'hotp' } as const;
  await admin.call(aes.link, toHotp);
  const enrolment = { ...hotpEnrolment, secret: { kind: 'key', key: 'seed' } } as const;
  let next = 0;
  const code = (): string => oneTimeCode(SEED, next++, enrolment).toString();
  assert.equal(codeOf(await admin.call(hotp.enroll, { user: 'ada', ...enrolment })), 'ok');
  const confirmed = await admin.call(hotp.confirm, { user: 'ada', credential: 'default', codes: [code(), code()] });
  assert.equal(codeOf(confirmed), 'ok');
  const tries = async () => codeOf(await admin.call(hotp.verify, { user: 'ada', code: code() }));
  assert.equal(await tries(), 'ok');
  await admin.call(aes.unlink, toHotp);
  assert.equal(await tries(), 'wrong-code', 'unlinked');
  await admin.call(aes.link, toHotp);
  assert.equal(await tries(), 'ok');
  await admin.call(users.disable, { name: 'ada' });
  assert.equal(await tries(), 'wrong-code', 'kept out');
  await admin.call(users.enable, { name: 'ada' });
  assert.equal(await tries(), 'ok');
  await admin.call(users.remove, { name: 'ada' });
  assert.equal(await tries(), 'wrong-code', 'removed');
  clock.advance(1_000);
  await admin.call(users.add, { name: 'ada', fullName: 'another Ada', groups: [] });
  assert.equal(await tries(), 'wrong-code', 'another user of the same name');
  const listed = await admin.call(aes.list, { user: 'ada', limit: 10 });
  assert.deepEqual(listed.kind === 'ok' && listed.value.keys, []);
  assert.equal(codeOf(await admin.call(aes.bring, { ...key, value: SEED })), 'ok', 'the name is free again');
  assert.equal(await tries(), 'wrong-code', 'the links of the former key did not come back');
});

test('a key is shown by its size and links, never itself, and is destroyed only once nothing is linked to it', async () => {
  await using started = await startWithUsers();
  const { admin } = started;
  const key = { user: 'ada', key: 'aes-256' };
  assert.equal(codeOf(await admin.call(aes.generate, { ...key, sizeBytes: 32 })), 'ok');
  assert.equal(codeOf(await admin.call(aes.generate, { ...key, sizeBytes: 32 })), 'already-exists');
  assert.equal(codeOf(await admin.call(aes.generate, { ...key, user: 'nobody', sizeBytes: 32 })), 'not-found');
  await admin.call(aes.link, { ...key, module: 'totp' });
  const listed = await admin.call(aes.list, { user: 'ada', limit: 10 });
  assert.ok(listed.kind === 'ok');
  assert.deepEqual(
    listed.value.keys.map(({ key: name, sizeBytes, modules }) => ({ name, sizeBytes, modules })),
    [{ name: 'aes-256', sizeBytes: 32, modules: ['totp'] }],
  );
  assert.equal(codeOf(await admin.call(aes.remove, key)), 'conflict');
  await admin.call(aes.unlink, { ...key, module: 'totp' });
  assert.equal(codeOf(await admin.call(aes.remove, key)), 'ok');
  assert.equal(codeOf(await admin.call(aes.remove, key)), 'not-found');
});

test('no module of one-time codes is loaded without those it rests on', () => {
  for (const [modules, missing] of [
    [['totp'], 'users'],
    [['users', 'hotp'], 'aes'],
    [['aes'], 'users'],
  ] as const) {
    const isNamed = (error: unknown) => error instanceof ModuleLoadError && error.message.includes(`"${missing}"`);
    assert.throws(() => orderModules(knownModules, modules), isNamed);
  }
});
