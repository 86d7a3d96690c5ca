import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluatePolicy, foundingGrants, type Grant, matchesPath } from './policy.ts';

const gate = { role: 'gate', identity: 'gate' } as const;
const admin = { role: 'admin', identity: 'admin' } as const;
const deputy = { role: 'admin', identity: 'deputy' } as const;

test('the default is no', () => {
  assert.equal(evaluatePolicy([], admin, 'machines.list', '').allowed, false);
  assert.equal(evaluatePolicy([], { role: 'watch', identity: 'watch' }, 'machines.fetch', '').allowed, false);
});

test('a gate may fetch and read the nonce, and nothing else', () => {
  for (const capability of ['machines.fetch', 'system.nonce', 'system.status']) {
    assert.equal(evaluatePolicy(foundingGrants, gate, capability, 'web1').allowed, true, capability);
  }
  for (const capability of ['machines.manage', 'machines.read', 'system.unseal', 'system.backup', 'audit.read', '*']) {
    assert.equal(evaluatePolicy(foundingGrants, gate, capability, 'web1').allowed, false, capability);
  }
});

test('the founding administrator may do everything, another identity nothing until granted', () => {
  assert.equal(evaluatePolicy(foundingGrants, admin, 'machines.manage', 'a/b/c').allowed, true);
  assert.equal(evaluatePolicy(foundingGrants, deputy, 'machines.manage', 'a/b/c').allowed, false);
  const grants: Grant[] = [
    ...foundingGrants,
    { principal: 'admin:deputy', capability: 'machines.*', path: 'zurich/**' },
  ];
  assert.equal(evaluatePolicy(grants, deputy, 'machines.manage', 'zurich/rack1/web1').allowed, true);
  assert.equal(evaluatePolicy(grants, deputy, 'machines.manage', 'bern/web1').allowed, false);
  assert.equal(evaluatePolicy(grants, deputy, 'system.seal', 'zurich/web1').allowed, false);
});

test('path globs match segments, a star anything within one', () => {
  const table: [string, string, boolean][] = [
    ['**', '', true],
    ['**', 'a/b', true],
    ['a', 'a', true],
    ['a', 'ab', false],
    ['a/*', 'a/b', true],
    ['a/*', 'a', false],
    ['a/*', 'a/b/c', false],
    ['a/**', 'a', true],
    ['a/**', 'a/b/c', true],
    ['a/**', 'ab/c', false],
    ['**/web1', 'zurich/rack1/web1', true],
    ['**/web1', 'web1', true],
    ['**/web1', 'web1/x', false],
    ['a/**/b/*', 'a/x/b/y/b/z', true],
    ['a/**/b/*', 'a/x/b', false],
    ['postgres_*', 'postgres_web', true],
    ['postgres_*', 'postgres_', true],
    ['postgres_*', 'postgres', false],
    ['postgres_*', 'postgres_web/x', false],
    ['*_web', 'postgres_web', true],
    ['a*b*c', 'aXbYc', true],
    ['a*b*c', 'abc', true],
    ['a*b*c', 'acb', false],
    ['a*a', 'a', false],
    ['*ab*ab*', 'xabyab', true],
    ['*ab*ab*', 'xab', false],
  ];
  for (const [glob, path, expected] of table) assert.equal(matchesPath(glob, path), expected, `${glob} on "${path}"`);
});

test('a glob that is asked for as a path is allowed only if all is that it stands for', () => {
  const table: [string, string, boolean][] = [
    ['**', '**', true],
    ['mail/**', 'mail/**', true],
    ['mail/**', 'mail/*', true],
    ['mail/*', 'mail/*', true],
    ['mail/*', 'mail/post*', true],
    ['mail/*', 'mail/**', false],
    ['mail/*/*', 'mail/**', false],
    ['mail/post*', 'mail/*', false],
    ['mail/a', 'mail/*', false],
    ['**/x', '**', false],
  ];
  for (const [glob, path, expected] of table) assert.equal(matchesPath(glob, path), expected, `${glob} on "${path}"`);
});

test('a capability gives its parts, a part does not give the whole', () => {
  const may = (granted: string, asked: string): boolean =>
    evaluatePolicy([{ principal: 'admin:deputy', capability: granted, path: '**' }], deputy, asked, 'x').allowed;
  for (const granted of ['passwords.get', 'passwords.get.hashes', 'passwords.get.sha512crypt', 'passwords.*', '*']) {
    assert.equal(may(granted, 'passwords.get.sha512crypt'), true, granted);
  }
  for (const granted of [
    'passwords.get.hashes',
    'passwords.get.public',
    'passwords.get.sha512crypt',
    'passwords.set',
  ]) {
    assert.equal(may(granted, 'passwords.get.plain'), false, granted);
    assert.equal(may(granted, 'passwords.get'), false, granted);
  }
});
