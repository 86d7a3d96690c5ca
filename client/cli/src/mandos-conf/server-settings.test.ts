import assert from 'node:assert/strict';
import test from 'node:test';
import { describeProblem } from '../clients-conf/problem.ts';
import { explainServerDefaults, explainServerSettings } from './explain-server-settings.ts';
import { readServerSettings } from './read-server-settings.ts';

const explain = (text: string): string[] => {
  const { options, problems } = readServerSettings(Buffer.from(text));
  assert.deepEqual(problems, []);
  return explainServerSettings(options).map((line) => describeProblem('m', line));
};

test('an address and a port become the line to write', () => {
  const line = 'in chatelaine.toml: [gate.mandos] listen = ["[2001:db8::1]:4711"]';
  assert.deepEqual(explain('[DEFAULT]\naddress = 2001:db8::1\n# a comment\nport: 4711\n'), [
    `m:2: [DEFAULT] address: ${line}`,
    `m:4: [DEFAULT] port: ${line}`,
  ]);
  assert.match(explain('[DEFAULT]\nuse_ipv6 = no\nport = 1\n').join(), /listen = \["0\.0\.0\.0:1"\]/);
});

test('every option that is set is spoken of, an empty one is not', () => {
  const names = [
    'interface',
    'address',
    'port',
    'debug',
    'priority',
    'servicename',
    'use_dbus',
    'use_ipv6',
    'debuglevel',
  ];
  const all = [...names, 'restore', 'statedir', 'foreground', 'socket', 'zeroconf', 'nonsense'];
  assert.equal(explain(`[DEFAULT]\n${all.map((name) => `${name} = 1\n`).join('')}`).length, all.length);
  assert.deepEqual(explain(`[DEFAULT]\n${all.map((name) => `${name} =\n`).join('')}`), []);
  assert.match(explain('[DEFAULT]\nnonsense = 1').join(), /is no option of Mandos/);
});

test('a per cent sign is only a per cent sign', () => {
  assert.equal(explain('[DEFAULT]\npriority = SECURE128:%PROFILE_ULTRA\n').length, 1);
});

test('what stops the real server is a mistake here, too', () => {
  const problems = (text: string) => readServerSettings(Buffer.from(text)).problems.map((p) => describeProblem('m', p));
  assert.deepEqual(problems('port = 1\n'), ['m:1: there is text before the first [section]']);
  assert.deepEqual(problems('[DEFAULT]\nport = http\ndebug = maybe\n'), [
    'm:2: [DEFAULT] port: is not a whole number',
    'm:3: [DEFAULT] debug: is neither yes nor no (1/yes/true/on, 0/no/false/off)',
  ]);
});

test('what goes without saying in Mandos is said', () => {
  const about = (text: string) => explainServerDefaults(readServerSettings(Buffer.from(text)).options).length;
  assert.equal(about(''), 3);
  assert.equal(about('[DEFAULT]\nport = 4711\nzeroconf = no\nuse_dbus = no\n'), 0);
});
