import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings, type Settings } from './settings.ts';

const settingsOf = (...words: string[]): Settings => {
  const read = readSettings(words);
  assert.equal(read.kind, 'settings', JSON.stringify(read));
  return read.kind === 'settings' ? read.settings : assert.fail();
};

test('without options everything is where mandos-client has it', () => {
  const { servers, noInterface, secretKeyFile, delayMs, retryMs, hookDirectory, interfaces } = settingsOf();
  assert.deepEqual(servers, []);
  assert.equal(interfaces, undefined);
  assert.equal(noInterface, false);
  assert.equal(secretKeyFile, '/conf/conf.d/mandos/seckey.txt');
  assert.equal(hookDirectory, '/lib/mandos/network-hooks.d');
  assert.deepEqual([delayMs, retryMs], [2_500, 10_000]);
});

test('servers may be repeated and listed; the last colon separates the port', () => {
  const { servers } = settingsOf('-c', '192.0.2.1:1', '--connect=2001:db8::1:2,[fe80::1%eth0]:3');
  assert.deepEqual(servers, [
    { host: '192.0.2.1', port: 1 },
    { host: '2001:db8::1', port: 2 },
    { host: 'fe80::1%eth0', port: 3 },
  ]);
  for (const wrong of [
    '192.0.2.1',
    'server:1',
    '192.0.2.1:',
    '192.0.2.1:0',
    '192.0.2.1:65536',
    ':1',
    '[192.0.2.1]:1',
    '',
  ]) {
    assert.equal(readSettings(['-c', wrong]).kind, 'wrong', wrong);
  }
});

test('"none" ends the list of interfaces, and those named before it stay', () => {
  assert.deepEqual(settingsOf('-i', 'eth0,eth1', '-i', 'eth0').interfaces, ['eth0', 'eth1']);
  const none = settingsOf('-i', 'eth0,none,eth1', '-i', 'eth2');
  assert.deepEqual([none.interfaces, none.noInterface], [['eth0'], true]);
});

test('--delay leaves --retry alone, fractions count, and no retry is too fast for the processor', () => {
  assert.deepEqual([settingsOf('--delay=7').retryMs, settingsOf('--delay=7').delayMs], [10_000, 7_000]);
  assert.equal(settingsOf('--retry', '.5').retryMs, 500);
  assert.equal(settingsOf('--retry=0').retryMs, 100);
  for (const wrong of ['x', '', '-1', '1e3', '99999999'])
    assert.equal(readSettings([`--retry=${wrong}`]).kind, 'wrong', wrong);
});

test('options that mean nothing any more are taken; what is unknown is refused', () => {
  settingsOf('--dh-bits=2048', '--dh-params', '/nowhere', '--pubkey=/nowhere', '--debug', '');
  assert.equal(readSettings(['--dh-bits=x']).kind, 'wrong');
  assert.equal(readSettings(['--unknown']).kind, 'wrong');
  assert.equal(readSettings(['argument']).kind, 'wrong');
  for (const help of ['-?', '--help', '--usage']) assert.equal(readSettings([help]).kind, 'help');
  for (const version of ['-V', '--version']) assert.equal(readSettings([version]).kind, 'version');
});
