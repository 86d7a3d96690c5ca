import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, defineOperation, ok, refuse } from '@chatelaine/contract';
import * as z from 'zod';
import { startKeep } from '../testing/start-keep.ts';
import { associate, dissociate, isAssociated } from './associations.ts';
import { answer, defineModule } from './module.ts';
import { ModuleLoadError, orderModules } from './module-loader.ts';
import { defineRecord } from './module-transaction.ts';

const name = z.strictObject({ name: z.string() });
const keyForm = defineRecord(
  'key',
  z.strictObject({ key: z.custom<Uint8Array>((value) => value instanceof Uint8Array) }),
);

const change = (operation: string) =>
  defineOperation({
    name: operation,
    summary: 'For this test.',
    kind: 'change',
    roles: ['admin'],
    capability: 'test.change',
    input: name,
    output: z.strictObject({ key: bytes({ max: 100 }).optional() }),
    refusals: ['denied', 'not-found'],
  });

const put = change('keys.put');
const link = change('keys.link');
const unlink = change('keys.unlink');
const use = (module: string) => change(`${module}.use`);

/** Owns keys, and hands one to a module only if that key was linked to that module. */
const keys = defineModule({
  name: 'keys',
  requires: [],
  start: () => ({
    operations: [
      answer(put, async ({ input }, tx) => {
        tx.put(keyForm, `keys/${input.name}`, { key: Buffer.from(input.name) });
        return ok({});
      }),
      answer(link, async ({ input }, tx) => {
        associate(tx, `keys/${input.name}`, 'hotp');
        return ok({});
      }),
      answer(unlink, async ({ input }, tx) => {
        dissociate(tx, `keys/${input.name}`, 'hotp');
        return ok({});
      }),
    ],
    services: {
      key: async ({ askedBy, tx, input }) => {
        const path = `keys/${String(input)}`;
        if (!(await isAssociated(tx, path, askedBy))) return refuse('denied');
        const record = await tx.get(keyForm, path);
        return record === undefined ? refuse('not-found') : ok(record.key);
      },
    },
  }),
});

const user = (module: string, requires: readonly string[]) =>
  defineModule({
    name: module,
    requires,
    start: ({ ask }) => ({
      operations: [
        answer(use(module), async ({ input }, tx) => {
          const key = await ask('keys', 'key', tx, input.name);
          return key.kind === 'refused' ? key : ok({ key: key.value as Uint8Array });
        }),
      ],
    }),
  });

const known = [keys, user('hotp', ['keys']), user('totp', ['keys']), user('thief', [])];

test('a key goes to the module it was linked to, and to no other', async () => {
  await using started = await startKeep({ known, modules: ['keys', 'hotp', 'totp', 'thief'] });
  await started.unseal();
  const ask = async (operation: ReturnType<typeof change>, input: string) => {
    const answered = await started.admin.call(operation, { name: input });
    return answered.kind === 'ok' ? Buffer.from(answered.value.key ?? []).toString() : answered.code;
  };
  await ask(put, 'a');
  await ask(put, 'b');
  assert.equal(await ask(use('hotp'), 'a'), 'denied', 'before it was linked');
  await ask(link, 'a');
  assert.equal(await ask(use('hotp'), 'a'), 'a');
  assert.equal(await ask(use('hotp'), 'b'), 'denied', 'another key');
  assert.equal(await ask(use('totp'), 'a'), 'denied', 'another module');
  assert.equal(await ask(use('thief'), 'a'), 'internal', 'a module that does not require it');
  await ask(unlink, 'a');
  assert.equal(await ask(use('hotp'), 'a'), 'denied', 'after it was unlinked');
});

test('a module that is not named, or whose requirement is not, stops the start and is named', () => {
  const named = (modules: readonly string[]) => () => orderModules(known, modules);
  assert.throws(
    named(['hotp']),
    (error) => error instanceof ModuleLoadError && /"hotp" requires "keys"/.test(error.message),
  );
  assert.throws(named(['nothing']), (error) => error instanceof ModuleLoadError && /"nothing"/.test(error.message));
  assert.deepEqual(
    orderModules(known, ['totp', 'keys']).map((module) => module.name),
    ['keys', 'totp'],
  );
});

test('modules that require each other in a circle stop the start', () => {
  const circle = [defineModule({ ...keys, requires: ['hotp'] }), user('hotp', ['keys'])];
  assert.throws(
    () => orderModules(circle, ['keys', 'hotp']),
    (error) => error instanceof ModuleLoadError && /circle/.test(error.message),
  );
});
