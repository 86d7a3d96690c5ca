// The example of the README runs as it stands there.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import * as library from './index.ts';
import { ScratchRuntime } from './testing/scratch-runtime.ts';

const read = (): readonly [program: string, output: string] => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const blocks = [...readme.matchAll(/```(ts|text)\n([\s\S]*?)```/g)].map(([, , text = '']) => text);
  return [blocks[0] ?? '', blocks[1] ?? ''];
};

test('the example of the README prints what the README says', () => {
  using runtime = new ScratchRuntime();
  const [program, output] = read();
  // Below setsid it leads a session of its own, whatever the tests are started by.
  const run = spawnSync('setsid', ['--wait', process.execPath, '--input-type=module-typescript', '-e', program], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { PATH: process.env['PATH'], ...runtime.environment },
    encoding: 'utf8',
  });
  assert.equal(run.stderr, '');
  assert.equal(run.stdout, output);
  assert.equal(run.status, 0);
});

test('the README names everything that is exported', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  for (const name of Object.keys(library)) assert.ok(readme.includes(name), name);
});
