import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseUserMap, planImport } from './plan-import.ts';
import type { Token } from './token.ts';

const token = (change: Partial<Token> & { readonly number: number }): Token => {
  const { number, ...rest } = change;
  return {
    ...{ where: `line ${number}`, kind: 'totp', owner: 'ada', ids: ['ada'], name: `phone-${number}` },
    ...{ seed: Buffer.alloc(20, number), algorithm: 'sha1', digits: 6, periodSeconds: 30, counter: 0 },
    ...rest,
  };
};
const view = { kind: 'totp', user: 'ada', createdAtUnixMs: 0 } as const;
const house = {
  users: new Set(['ada', 'bob']),
  credentials: [
    { ...view, credential: 'here', state: 'active' },
    { ...view, credential: 'begun', state: 'unconfirmed' },
  ],
} as const;
const plan = (tokens: readonly Token[], map = '') =>
  planImport({ tokens, faults: [], notes: [] }, parseUserMap(map).byId, house);

test('each goes to whom the file names, or whom the list of users gives it to', () => {
  const { planned, faults } = plan(
    [token({ number: 1, owner: 'ADA' }), token({ number: 2, owner: 'a@example.org', ids: ['00 12', 'a@example.org'] })],
    '# tokens\n00 12 bob\n',
  );
  assert.deepEqual(faults, []);
  assert.deepEqual(
    planned.map(({ user }) => user),
    ['ada', 'bob'],
  );
  assert.deepEqual(
    parseUserMap('1 ada\njunk\n1 bob\n').faults.map(({ where }) => where),
    ['line 2 of the users', 'line 3 of the users'],
  );
});

test('whatever speaks against one is said, with the other line that it clashes with', () => {
  const nobodys = token({ number: 9, ids: [] });
  for (const [tokens, reason] of [
    [[token({ number: 1, owner: 'eve' })], /no user eve/],
    [[token({ number: 1, owner: 'a b' })], /no name of a user/],
    [[(({ owner: _, ...rest }) => rest)(nobodys)], /nobody whose/],
    [[token({ number: 1, name: 'here' })], /already/],
    [[token({ number: 1, name: 'x' }), token({ number: 2, name: 'x' })], /in line 1/],
    [[token({ number: 1 }), token({ number: 2, owner: 'bob', seed: Buffer.alloc(20, 1) })], /same seed as line 1/],
    [
      [token({ number: 1, owner: 'bob', ids: ['7'], name: 'a' }), token({ number: 2, ids: ['7'], name: 'a' })],
      /same id as line 1/,
    ],
    [Array.from({ length: 7 }, (_, at) => token({ number: at + 1 })), /more than 8/],
  ] as const) {
    const { faults } = plan(tokens);
    assert.equal(faults.length, 1);
    assert.match(faults[0]?.message ?? '', reason);
  }
  assert.deepEqual(plan([token({ number: 1, name: 'begun' })]).faults, [], 'what does not count is replaced');
});
