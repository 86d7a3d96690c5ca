import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { ConfigError, loadConfig } from '@chatelaine/process';
import { checkModuleFiles, checkModuleSettings, keepConfig } from '../../keep-config.ts';
import { parseServer } from './server-address.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'chatelaine-ldap-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const file = path.join(directory, 'chatelaine.toml');

/** What is complained about, `LINE: FIELD: WORDS`. */
const complaintsOf = (lines: readonly string[]): string[] => {
  writeFileSync(file, `[keep]\nmodules = ["users", "ldap"]\n[ldap]\n${lines.join('\n')}\n`, { mode: 0o600 });
  try {
    const config = loadConfig(file, keepConfig);
    checkModuleSettings(config);
    checkModuleFiles(config);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message.split('\n').map((line) => line.slice(file.length + 1));
  }
};

const good = ['servers = ["ldaps://dc1.example.org"]', 'ca_file = "/ca.pem"', 'search_base = "dc=example,dc=org"'];

test('a wrong setting is named with its line', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['servers = ["http://dc1"]', '4: ldap.servers[1]: must be ldaps://HOST or ldap://HOST'],
    ['servers = ["ldaps://ada:secret@dc1"]', '4: ldap.servers[1]: must be ldaps://HOST'],
    ['user_dn = "uid=ada,dc=example"', '4: ldap.user_dn: must have {user}'],
    ['user_dn = "{user}"', '4: ldap.user_dn: must be like uid='],
    ['user_principal = "{user}"', '4: ldap.user_principal: must be like {user}@example.org'],
    ['search_filter = "uid={user}"', '4: ldap.search_filter: must be a filter in parentheses'],
    ['search_as = "PLAIN"', '4: ldap.search_as: must be a DN or a principal'],
    ['ca_file = "ca.pem"', '4: ldap.ca_file: must be an absolute path'],
    ['timeout_seconds = 0', '4: ldap.timeout_seconds: must be at least 1'],
    ['timeout_second = 5', '4: ldap.timeout_second: is not an option; did you mean'],
  ];
  for (const [line, complaint] of cases) {
    const complaints = complaintsOf([line]);
    assert.ok(
      complaints.some((one) => one.startsWith(complaint)),
      `${line}: ${complaints.join('; ')}`,
    );
  }
  const two = complaintsOf(['user_dn = "uid={user},dc=a"', 'search_base = "dc=a"']);
  assert.deepEqual(two, ['5: ldap.search_base: excludes user_dn: there is one way to a name']);
});

test('what the module needs is missed only where it is loaded, and by name', () => {
  assert.match(complaintsOf([])[0] ?? '', /ldap\.servers: names none/);
  assert.match(complaintsOf(good.slice(0, 1))[0] ?? '', /ldap\.ca_file: is missing/);
  assert.match(complaintsOf(good.slice(0, 2))[0] ?? '', /ldap\.search_base: is missing/);
  assert.deepEqual(complaintsOf(good), ['5: ldap.ca_file: cannot be read (ENOENT)']);
  writeFileSync(file, '[keep]\nmodules = ["users"]\n', { mode: 0o600 });
  assert.doesNotThrow(() => checkModuleSettings(loadConfig(file, keepConfig)));
});

test('an address is a host and a port, and nothing else', () => {
  assert.deepEqual(parseServer('ldaps://dc1'), { host: 'dc1', port: 636, isStartTls: false });
  assert.deepEqual(parseServer('ldap://[2001:db8::1]:3890/'), { host: '2001:db8::1', port: 3890, isStartTls: true });
  for (const text of [
    'dc1',
    'ldapi:///',
    'ldap://',
    'ldap://dc1:0',
    'ldap://dc1:65536',
    'ldap://dc1/dc=x',
    'ldap://-a',
  ]) {
    assert.equal(parseServer(text), undefined, text);
  }
});
