import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../failure.ts';
import { planChanges } from './apply.ts';
import { parsePolicy } from './read-policy-file.ts';

const parse = (source: string) => parsePolicy('policy.toml', source);

test('lists stand for as many grants, and an end is a moment', () => {
  const source = `
[[grant]]
principal = ["token:ci", "group:ops"]
capability = ["machines.read", "system.status"]
path = "**"

[[grant]]
principal = "token:ci"
capability = "machines.manage"
path = "zurich/**"
until = 2027-01-01T00:00:00+01:00
`;
  assert.deepEqual(parse(source), [
    { principal: 'token:ci', capability: 'machines.read', path: '**' },
    { principal: 'token:ci', capability: 'system.status', path: '**' },
    { principal: 'group:ops', capability: 'machines.read', path: '**' },
    { principal: 'group:ops', capability: 'system.status', path: '**' },
    {
      principal: 'token:ci',
      capability: 'machines.manage',
      path: 'zurich/**',
      expiresAtUnixMs: Date.UTC(2026, 11, 31, 23),
    },
  ]);
  assert.deepEqual(parse('# nothing is granted\n'), []);
});

test('what is wrong is named with its line', () => {
  const good = '[[grant]]\nprincipal = "token:ci"\ncapability = "machines.read"\npath = "a"\n';
  const wrong: Readonly<Record<string, string>> = {
    '[[grant]\n': 'policy.toml:1: is no valid TOML.',
    '[[grants]]\n': 'policy.toml: has something that is not',
    [good.replace('"a"', '7')]: 'policy.toml:4: grant[1].path: must be a word or a list of words.',
    [`${good}may = "x"\n`]: 'policy.toml:1: grant[1]: has something that is not',
    [`${good}until = 2027-01-01T00:00:00\n`]: 'policy.toml:5: grant[1].until: must be a moment with its zone',
    [`${good}until = "soon"\n`]: 'policy.toml:5: grant[1].until: must be a moment with its zone',
    [`${good}\n${good}`]: 'policy.toml:6: grant[2]: names a grant that stands above already.',
  };
  for (const [source, words] of Object.entries(wrong)) {
    assert.throws(
      () => parse(source),
      (error: Error) => {
        assert.ok(error instanceof Failure && error.exit === 'input');
        assert.ok(error.message.startsWith(words), `${error.message} instead of ${words}`);
        return true;
      },
    );
  }
});

test('a plan grants what is missing or ends otherwise, revokes what is not named, and leaves the founding grant', () => {
  const grant = (path: string, expiresAtUnixMs?: number) => ({
    principal: 'token:ci',
    capability: 'machines.read',
    path,
    ...(expiresAtUnixMs !== undefined && { expiresAtUnixMs }),
  });
  const key = (path: string) => grant(path);
  const present = [
    { principal: 'admin:admin', capability: '*', path: '**', isFixed: true },
    { ...grant('same', 5), isFixed: false },
    { ...grant('moved', 5), isFixed: false },
    { ...grant('gone', 5), isFixed: false },
  ];
  const wanted = [grant('same', 5), grant('moved', 6), grant('new')];
  assert.deepEqual(planChanges(present, wanted), { grant: [grant('moved', 6), grant('new')], revoke: [key('gone')] });
  const founding = { principal: 'admin:admin', capability: '*', path: '**' };
  assert.deepEqual(planChanges(present.slice(0, 1), [founding]), { grant: [], revoke: [] });
});
