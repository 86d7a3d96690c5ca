import assert from 'node:assert/strict';
import test from 'node:test';
import { Failure } from '../failure.ts';
import { readCommandLine, usage } from './command-line.ts';

const settingsOf = (...words: readonly string[]) => Object.fromEntries(readCommandLine(words).settings);

test('values stand after a blank, "=" or a short option; the last one counts', () => {
  for (const words of [['-p', '47'], ['-p47'], ['-p=47'], ['--port', '47'], ['--port=47'], ['-p1', '--port=47']]) {
    assert.deepEqual(settingsOf(...words), { port: '47' }, words.join(' '));
  }
  assert.deepEqual(settingsOf('--servicename='), { servicename: '' });
  assert.equal(readCommandLine(['--configdir', 'etc']).configdir, 'etc');
  assert.equal(readCommandLine([]).configdir, '/etc/mandos');
});

test('a long option may be shortened as far as it is the only one', () => {
  assert.deepEqual(settingsOf('--no-z', '--no-r', '--foreg', '--stat=s', '--debug'), {
    zeroconf: 'no',
    restore: 'no',
    foreground: 'yes',
    statedir: 's',
    debug: 'yes',
  });
  assert.equal(readCommandLine(['--vers']).version, true);
});

test('what is wrong is said, and is wrong usage', () => {
  const cases: readonly (readonly [words: readonly string[], says: RegExp])[] = [
    [['--no-'], /may be any of --no-dbus, --no-ipv6, --no-restore, --no-zeroconf/],
    [['--colour'], /There is no option --colour/],
    [['-x'], /There is no option -x/],
    [['word'], /"word" is no option/],
    [['--port'], /--port needs a value/],
    [['--address', '--foreground'], /--address needs a value/],
    [['--port', 'http'], /--port must be a whole number/],
    [['--no-dbus=no'], /--no-dbus takes no value/],
  ];
  for (const [words, says] of cases) {
    const isSo = (error: unknown) => error instanceof Failure && error.exit === 'usage' && says.test(error.message);
    assert.throws(() => readCommandLine(words), isSo, words.join(' '));
  }
});

test('--help speaks of every option, and what it speaks of is read', () => {
  const shown = [...usage().matchAll(/--([a-z0-9-]+)(?: ([A-Z]+))? {2}/g)];
  assert.equal(shown.length, 18);
  for (const [, name, value] of shown) assert.ok(readCommandLine([`--${name}`, ...(value === undefined ? [] : ['1'])]));
});
