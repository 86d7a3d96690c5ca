import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as z from 'zod';
import { allOperations } from './all-operations.ts';
import { bytes, checkInput, checkOutput, commonRefusals, defineOperation, OutputFormError } from './operation.ts';

const SECRET = 'hunter2-correct-horse';

const open = defineOperation({
  name: 'test.open',
  summary: 'Opens.',
  kind: 'change',
  roles: ['admin'],
  capability: 'test.open',
  path: (input) => input.door.name,
  input: z.strictObject({
    door: z.strictObject({
      name: z
        .string()
        .max(20)
        .regex(/^[a-z]*$/),
      floor: z.number().int().min(0).max(9),
    }),
    how: z.enum(['slowly', 'fast']).optional(),
    key: bytes({ min: 2, max: 4 }),
    list: z.array(z.union([z.string().max(3), z.boolean()])).optional(),
  }),
  output: z.strictObject({ opened: z.boolean() }),
  refusals: ['not-found'],
});

const right = { door: { name: 'front', floor: 1 }, key: new Uint8Array([1, 2]) };

describe('checking an input', () => {
  test('a right input comes back as it was', () => {
    const checked = checkInput(open, right);
    assert.deepEqual(checked, { kind: 'ok', value: right });
    assert.equal(open.path(right), 'front');
  });

  test('the refusal names the field and never shows what was sent', () => {
    const wrong: readonly (readonly [string, unknown])[] = [
      ['door.name', { ...right, door: { name: SECRET, floor: 1 } }],
      ['door.name', { ...right, door: { name: SECRET.repeat(3), floor: 1 } }],
      ['door.floor', { ...right, door: { name: 'a', floor: SECRET } }],
      ['door.floor', { ...right, door: { name: 'a', floor: 10 } }],
      ['door', { ...right, door: { name: 'a', floor: 1, [SECRET]: 1 } }],
      ['how', { ...right, how: SECRET }],
      ['key', { ...right, key: SECRET }],
      ['key', { ...right, key: Buffer.from(SECRET) }],
      ['key', { ...right, key: new Uint8Array(1) }],
      ['list.1', { ...right, list: ['ok', SECRET] }],
      ['', { ...right, [SECRET]: 1 }],
      ['', SECRET],
      ['', undefined],
      ['', null],
      ['door', { key: right.key }],
    ];
    for (const [field, input] of wrong) {
      const refused = checkInput(open, input);
      assert.equal(refused.kind, 'refused');
      assert.ok(refused.kind === 'refused');
      assert.equal(refused.code, 'invalid-input');
      assert.equal(refused.field, field);
      assert.ok((refused.message ?? '').length > 0);
      assert.ok(!JSON.stringify(refused).includes('hunter2'), JSON.stringify(refused));
    }
  });

  test('a size limit of bytes is said in bytes', () => {
    const refused = checkInput(open, { ...right, key: new Uint8Array(5) });
    assert.ok(refused.kind === 'refused');
    assert.equal(refused.message, 'must be at most 4 bytes');
  });
});

describe('checking an answer', () => {
  test('an answer of another form is a bug, told without the answer', () => {
    assert.deepEqual(checkOutput(open, { opened: true }), { opened: true });
    assert.throws(
      () => checkOutput(open, { opened: SECRET }),
      (error) =>
        error instanceof OutputFormError && !error.message.includes('hunter2') && error.message.includes('opened'),
    );
  });
});

describe('all operations', () => {
  test('each is named after its feature, once, and sorted', () => {
    const names = allOperations.map((operation) => operation.name);
    assert.deepEqual(names, [...new Set(names)].toSorted());
    assert.ok(names.includes('machines.fetch') && names.includes('system.status'));
    for (const { name } of allOperations) assert.match(name, /^[a-z]+\.[a-z]+(-[a-z]+)*$/);
  });

  test('each can be asked by some role and says its refusals once', () => {
    for (const { name, roles, refusals } of allOperations) {
      assert.ok(roles.length > 0, name);
      assert.equal(new Set(refusals).size, refusals.length, name);
      assert.deepEqual(
        refusals.filter((code) => commonRefusals.includes(code)),
        [],
        `${name} repeats a refusal that any operation may give`,
      );
    }
  });

  test('no input has fields of free names, since a refusal names the field and names are input', () => {
    for (const { name, input } of allOperations) {
      const schema = JSON.stringify(z.toJSONSchema(input, { unrepresentable: 'any', io: 'input' }));
      assert.ok(!schema.includes('propertyNames') && !/"additionalProperties":(?!false)/.test(schema), name);
    }
  });
});
