// The HTTP API of a whole instance: gate, link and keep.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { Scratch } from '../support/scratch.ts';

suite('the HTTP API', () => {
  const scratch = new Scratch();
  let instance: DevInstance;

  const createToken = async (name: string, ...args: readonly string[]): Promise<string> =>
    (await instance.run(['token', 'create', name, ...args])).trim();

  const ask = (where: string, token?: string, init: RequestInit = {}): Promise<Response> => {
    const headers = { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...init.headers };
    return fetch(`http://${instance.http}${where}`, { ...init, headers });
  };

  before(async () => {
    instance = await startDevInstance(scratch);
    await instance.run(['machine', 'enroll', 'zurich/web1', '--key-dir', path.join(scratch.directory(), 'keys')], {
      input: 'a password',
    });
  });
  after(() => scratch[Symbol.asyncDispose]());

  test('a change asked twice with the same key is made once, and stands in the record under the token', async () => {
    const token = await createToken('deploy', '--grant', 'machines.manage:zurich/**', '--grant', 'audit.read:**');
    const init = { method: 'POST', headers: { 'idempotency-key': 'deploy-0001' } };
    const answers = [];
    for (let i = 0; i < 3; i++)
      answers.push(await (await ask('/v1/machines/zurich%2Fweb1/disable', token, init)).json());
    assert.deepEqual(answers, Array(3).fill({ changed: true }));
    const other = await ask('/v1/machines/zurich%2Fweb1/enable', token, init);
    assert.equal(other.status, 409);
    const { records } = (await (await ask('/v1/audit?object=machines%2Fzurich%2Fweb1', token)).json()) as {
      readonly records: readonly Readonly<Record<string, unknown>>[];
    };
    const changes = records.filter(({ operation }) => operation === 'machines.disable');
    assert.equal(changes.length, 1);
    assert.equal(changes[0]?.['who'], 'token:deploy');
    const source = { name: 'source', value: '127.0.0.1', assurance: 'asserted' };
    assert.deepEqual(changes[0]?.['facts'], [source]);
  });

  test('what a policy file says is what counts, from then on', async () => {
    const token = await createToken('ci', '--group', 'readers');
    const status = async (): Promise<number> => (await ask('/v1/machines/zurich%2Fweb1', token)).status;
    assert.equal(await status(), 403);
    const policy = '[[grant]]\nprincipal = "group:readers"\ncapability = "machines.read"\npath = "zurich/**"\n';
    const plan = await instance.attempt(['policy', 'plan', '-'], { input: policy });
    assert.equal(plan.code, 1);
    assert.match(plan.stdout.toString(), /^\+ group:readers machines\.read zurich\/\*\*$/m);
    await instance.run(['policy', 'apply', '--yes', '-'], { input: policy });
    assert.equal(await status(), 200);
    const tested = await instance.run(['policy', 'test', 'token:ci', 'machines.read', 'zurich/web1']);
    assert.match(tested, /^allowed: group:readers may machines\.read on zurich\/\*\*/);
    await instance.run(['policy', 'apply', '--yes', '-'], { input: '' });
    assert.equal(await status(), 403);
  });

  test('a token is in no log and no file', async () => {
    const token = await createToken('secretive', '--grant', 'machines.read:**');
    assert.equal((await ask('/v1/machines/zurich%2Fweb1', token)).status, 200);
    assert.equal((await ask(`/v1/machines/${token}/enable`, token, { method: 'POST' })).status, 403);
    assert.ok(!instance.words().includes(token));
    assert.ok(!(await instance.run(['token', 'list', '--json'])).includes(token));
    for (const name of ['keep/store.db', 'keep/store.db-wal', 'chatelaine.toml']) {
      assert.ok(!readFileSync(path.join(instance.dir, name)).includes(token.slice(4)), name);
    }
  });

  test('a token outlives a restart', async () => {
    const token = await createToken('patient', '--grant', 'machines.read:**');
    const { dir } = instance;
    assert.equal(await instance.stop(), 0);
    instance = await startDevInstance(scratch, { dir });
    assert.equal((await ask('/readyz')).status, 200);
    assert.equal((await ask('/v1/machines/zurich%2Fweb1', token)).status, 200);
  });
});
