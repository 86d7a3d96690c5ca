import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RunnerSettings, readRunnerOrder } from './runner-settings.ts';

const read = (words: readonly string[], file?: string): RunnerSettings => {
  const order = readRunnerOrder(words, () => file);
  assert.equal(order.kind, 'run');
  return order.settings;
};

test('what the command line says wins over the file, and both add up where a list is meant', () => {
  const settings = read(
    ['--userid=7', '-opart:--second', '--enable=part'],
    '--userid=5 --groupid=6 # not --groupid=9\n\t-o part:--first,,x\n--disable part\n--config-file=/elsewhere',
  );
  assert.deepEqual([settings.uid, settings.gid], [7, 6]);
  assert.deepEqual(settings.byPlugin.get('part')?.options, ['--first', 'x', '--second']);
  assert.equal(settings.disabled.size, 0);
  assert.equal(settings.configFile, '/conf/conf.d/mandos/plugin-runner.conf');
});

test('the file is the one that the command line names', () => {
  const seen: string[] = [];
  readRunnerOrder(['--config-file=/some/file'], (path) => {
    seen.push(path);
    return undefined;
  });
  assert.deepEqual(seen, ['/some/file']);
});

test('an account that is no number leaves the one that may do the least, and that is said', () => {
  for (const value of ['root', '', '-1', '4294967295', '0x0']) {
    const settings = read([`--userid=${value}`]);
    assert.equal(settings.uid, 65_534, value);
    assert.equal(settings.warnings.length, 1);
  }
});

test('what is wrong is said to be on the command line, or in the file', () => {
  const placeOf = (words: readonly string[], file?: string): string | undefined => {
    const order = readRunnerOrder(words, () => file);
    return order.kind === 'wrong' ? order.place : undefined;
  };
  assert.equal(placeOf(['--env-for=part:NAME']), 'command line');
  assert.equal(placeOf(['--global-env==value']), 'command line');
  assert.equal(placeOf([], 'word'), 'file');
  assert.equal(placeOf([], '--help'), 'file');
});

test('nothing is read and nothing is done for whoever only asks', () => {
  const never = (): never => assert.fail('the file was read');
  assert.equal(readRunnerOrder(['-?'], never).kind, 'help');
  assert.equal(readRunnerOrder(['--version'], never).kind, 'version');
});
