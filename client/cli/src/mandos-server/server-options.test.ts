import assert from 'node:assert/strict';
import test from 'node:test';
import { Failure } from '../failure.ts';
import { readCommandLine } from './command-line.ts';
import { listeningFor } from './listen-addresses.ts';
import { readServerOptions, type ServerOptions } from './server-options.ts';

const read = (text: string, ...words: readonly string[]): ServerOptions =>
  readServerOptions(readCommandLine(words), Buffer.from(text));

const interfaces = {
  eth0: [
    { address: '192.0.2.7', family: 'IPv4' },
    { address: '2001:db8::7', family: 'IPv6' },
    { address: 'fe80::7', family: 'IPv6' },
  ].map((info) => ({ ...info, netmask: '', mac: '', internal: false, cidr: null, scopeid: 0 })),
} as unknown as Parameters<typeof listeningFor>[1];

const listen = (text: string, ...words: readonly string[]) => listeningFor(read(text, ...words), interfaces);

test('what is typed wins over mandos.conf, which wins over what Mandos does by itself', () => {
  const text = '[DEFAULT]\nport = 1\nstatedir = /s\nservicename = Other\nuse_dbus = off\nrestore = no\n';
  const { port, stateDirectory, serviceName, usesDbus, restores } = read(text, '-p2', '--statedir=/t');
  assert.deepEqual([port, stateDirectory, serviceName, usesDbus, restores], [2, '/t', 'Other', false, false]);
  const plain = read('');
  assert.deepEqual([plain.port, plain.stateDirectory, plain.usesDbus], [undefined, '/var/lib/mandos', true]);
  assert.deepEqual([plain.restores, plain.announces, plain.staysInForeground], [true, true, false]);
});

test('debug means foreground and everything in the log; else warnings, or what debuglevel says', () => {
  assert.deepEqual([read('', '--debug').staysInForeground, read('', '--debug').logLevel], [true, 'debug']);
  assert.equal(read('').logLevel, 'warn');
  assert.equal(read('[DEFAULT]\ndebuglevel = critical\n').logLevel, 'error');
});

test('a server that nobody could find is wrong usage; other things are a wrong configuration', () => {
  const ends = (exit: string, text: string, ...words: readonly string[]): void => {
    assert.throws(
      () => read(text, ...words),
      (error) => error instanceof Failure && error.exit === exit,
      text,
    );
  };
  ends('usage', '', '--no-zeroconf');
  ends('configuration', '', '--socket=3');
  ends('configuration', '[DEFAULT]\nport = http\n');
  ends('configuration', '[DEFAULT]\nport = 65536\n');
  ends('configuration', '[DEFAULT]\naddress = localhost\n');
  ends('configuration', '[DEFAULT]\naddress = ::1\nuse_ipv6 = no\n');
  ends('configuration', '[DEFAULT]\ndebuglevel = loud\n');
  ends('configuration', '[chatelaine]\nunseal_key_file = key\n');
  ends('configuration', '[chatelaine]\nunseal = key\n');
});

test('a section that Mandos passes over says what opens the keep', () => {
  assert.equal(read('[chatelaine]\nunseal_key_file = none\n').unsealKeyFile, 'none');
  assert.equal(read('[chatelaine]\nunseal_key_file = /k\n').unsealKeyFile, '/k');
  assert.equal(read('[DEFAULT]\n').unsealKeyFile, undefined);
});

test('it listens at the address, at those of the interface, or at all, always at the same port', () => {
  assert.deepEqual(listen('').addresses, ['[::]:14711']);
  assert.deepEqual(listen('', '--no-ipv6', '-p1').addresses, ['0.0.0.0:1']);
  assert.deepEqual(listen('', '-a', '192.0.2.7', '-p1').addresses, ['192.0.2.7:1']);
  assert.deepEqual(listen('', '-a', 'fe80::7', '-i', 'eth0').addresses, ['[fe80::7%eth0]:14711']);
  const own = ['192.0.2.7:1', '[2001:db8::7]:1', '[fe80::7%eth0]:1'];
  assert.deepEqual(listen('', '-ieth0', '-p1').addresses, own);
  assert.deepEqual(listen('', '-ieth0', '-p1', '--no-ipv6').addresses, ['192.0.2.7:1']);
});

test('an interface that is not there is said, and machines are served all the same', () => {
  const { addresses, notes } = listen('', '--interface=eth9');
  assert.deepEqual(addresses, ['[::]:14711']);
  assert.match(notes.join(), /interface eth9 has no address/);
});
