import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audit, recovery, users } from '@chatelaine/contract';
import { codeOf, restored, startWithUsers } from '../../otp/testing/start-with-users.ts';
import type { StartedKeep } from '../../testing/start-keep.ts';

const make = async ({ admin }: StartedKeep): Promise<readonly string[]> => {
  const made = await admin.call(recovery.make, { user: 'ada' });
  assert.ok(made.kind === 'ok');
  return made.value.codes.map((code) => Buffer.from(code).toString('ascii'));
};
const verify = async ({ admin }: StartedKeep, code: string, user = 'ada'): Promise<string> =>
  codeOf(await admin.call(recovery.verify, { user, code }));
const statusOf = async ({ admin }: StartedKeep) => {
  const status = await admin.call(recovery.status, { user: 'ada' });
  assert.ok(status.kind === 'ok');
  return status.value;
};

test('ten codes are made, in groups that can be read off paper, no two the same', async () => {
  await using started = await startWithUsers();
  assert.deepEqual(await statusOf(started), { state: 'none', left: 0 });
  const codes = await make(started);
  assert.equal(new Set(codes).size, 10);
  for (const code of codes) assert.match(code, /^[a-km-np-z2-9]{4}(-[a-km-np-z2-9]{4}){2}$/);
  const { state, left } = await statusOf(started);
  assert.deepEqual({ state, left }, { state: 'active', left: 10 });
});

test('each counts once, however it is typed, also when the keep starts again', async () => {
  let started = await startWithUsers();
  const codes = await make(started);
  const [first = '', second = '', third = ''] = codes;
  const verified = await started.admin.call(recovery.verify, { user: 'ADA', code: ` ${first.toUpperCase()}\n` });
  assert.deepEqual(verified, { kind: 'ok', value: { left: 9 } });
  assert.equal(await verify(started, first), 'wrong-code', 'again');
  started = await started.restart(0);
  await started.unseal();
  assert.equal(await verify(started, first), 'wrong-code', 'after a restart');
  assert.equal(await verify(started, second.replaceAll('-', '')), 'ok');
  assert.equal(await verify(started, third, 'bob'), 'wrong-code', 'somebody else’s');
  assert.equal((await statusOf(started)).left, 8);
  await started[Symbol.asyncDispose]();
});

test('of 64 requests with one code exactly one is accepted, for each of the ten', async () => {
  await using started = await startWithUsers();
  for (const code of await make(started)) {
    const answers = await Promise.all(Array.from({ length: 64 }, () => verify(started, code)));
    assert.equal(answers.filter((answer) => answer === 'ok').length, 1);
  }
  assert.equal((await statusOf(started)).left, 0);
});

test('new ones end those of before; removed ones, and those of a former user of the name, count no more', async () => {
  await using started = await startWithUsers();
  const [before = ''] = await make(started);
  const [code = '', next = ''] = await make(started);
  assert.equal(await verify(started, before), 'wrong-code');
  await started.admin.call(users.disable, { name: 'ada' });
  assert.equal(await verify(started, code), 'wrong-code', 'kept out');
  await started.admin.call(users.enable, { name: 'ada' });
  assert.equal(await verify(started, code), 'ok');
  await started.admin.call(users.remove, { name: 'ada' });
  started.clock.advance(1_000);
  await started.admin.call(users.add, { name: 'ada', fullName: '', groups: [] });
  assert.equal(await verify(started, next), 'wrong-code', 'another user of the same name');
  const [last = ''] = await make(started);
  assert.equal(codeOf(await started.admin.call(recovery.remove, { user: 'ada' })), 'ok');
  assert.equal(await verify(started, last), 'wrong-code');
  assert.equal(codeOf(await started.admin.call(recovery.remove, { user: 'ada' })), 'not-found');
  assert.equal(codeOf(await started.admin.call(recovery.make, { user: 'nobody' })), 'not-found');
});

test('whatever is wrong, the same is answered, and ten thousand wrong ones lock nobody out', async () => {
  await using started = await startWithUsers();
  const [code = ''] = await make(started);
  for (const [user, typed] of [
    ['nobody', code],
    ['bob', code],
    ['ada', 'aaaa-aaaa-aaaa'],
    ['ada', '123456'],
    ['ada', ''],
    ['ada', `${code}a`],
  ] as const) {
    assert.deepEqual(await started.admin.call(recovery.verify, { user, code: typed }), {
      ...{ kind: 'refused', code: 'wrong-code' },
    });
  }
  for (let sent = 0; sent < 10_000; sent += 100) {
    await Promise.all(Array.from({ length: 100 }, () => verify(started, 'zzzz-zzzz-zzzz')));
  }
  assert.equal(await verify(started, code), 'ok');
});

test('after a restore nobody knows which were used: none counts until there are new ones', async () => {
  const first = await startWithUsers();
  const [code = ''] = await make(first);
  await using started = await restored(first, 60_000);
  assert.equal(await verify(started, code), 'wrong-code');
  assert.equal((await statusOf(started)).state, 'void');
  const [next = ''] = await make(started);
  assert.equal(await verify(started, next), 'ok');
});

test('the record of a verdict names the number of the code, never the code', async () => {
  await using started = await startWithUsers();
  const [, code = ''] = await make(started);
  assert.equal(await verify(started, code), 'ok');
  const records = await started.admin.call(audit.list, { limit: 20 });
  const text = JSON.stringify(records);
  assert.match(text, /"recovery.verify"[^}]*ada.*"number","value":2/);
  assert.ok(!text.includes(code) && !text.includes(code.replaceAll('-', '')));
});
