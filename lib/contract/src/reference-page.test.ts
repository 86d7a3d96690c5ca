import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as z from 'zod';
import { allOperations } from './all-operations.ts';
import { bytes, defineOperation } from './operation.ts';
import { renderReference } from './reference-page.ts';
import { refusals } from './refusals.ts';

describe('the reference page', () => {
  test('has every operation and every refusal', () => {
    const page = renderReference();
    for (const { name, summary } of allOperations) {
      assert.ok(page.includes(`\n## ${name}\n`), name);
      assert.ok(page.includes(summary), name);
    }
    for (const code of Object.keys(refusals)) assert.ok(page.includes(`\n| \`${code}\` |`), code);
  });

  test('shows each kind of field with its type and limits', () => {
    const page = renderReference([
      defineOperation({
        name: 'test.all',
        summary: 'Has all.',
        description: 'With | a bar.',
        kind: 'change',
        roles: ['admin', 'gate'],
        capability: 'test.all',
        input: z.strictObject({
          key: bytes({ min: 32, max: 32 }),
          blob: bytes({ max: 2_000 }).optional(),
          name: z.string().min(1).max(9).describe('who | what'),
          count: z.number().int().min(1).max(1_000),
          free: z.number(),
          list: z.array(z.strictObject({ how: z.enum(['a', 'b']) })).max(8),
          tags: z.array(bytes({ min: 4, max: 8 })).min(1),
          either: z.union([z.string(), z.boolean()]),
        }),
        output: z.discriminatedUnion('kind', [
          z.strictObject({ kind: z.literal('yes'), at: z.number().int() }),
          z.strictObject({ kind: z.literal('no') }),
        ]),
        refusals: ['not-found'],
      }),
    ]);
    for (const line of [
      '| `key` | bytes | exactly 32 bytes | yes |  |',
      '| `blob` | bytes | at most 2,000 bytes | no |  |',
      '| `name` | string | 1 to 9 characters | yes | who \\| what |',
      '| `count` | integer | 1 to 1,000 | yes |  |',
      '| `free` | number |  | yes |  |',
      '| `list` | list of object | at most 8 items | yes |  |',
      '| `list[].how` | `"a"` or `"b"` |  | yes |  |',
      '| `tags` | list of bytes | at least 1 item; each 4 to 8 bytes | yes |  |',
      '| `either` | string or boolean |  | yes |  |',
      'Output, one of:',
      '| `kind` | `"yes"` |  | yes |',
      '| `kind` | `"no"` |  | yes |',
      '- Roles: `admin`, `gate`',
      '- Refusals of its own: [`not-found`](#refusals)',
    ]) {
      assert.ok(page.includes(`${line}\n`), line);
    }
  });
});
