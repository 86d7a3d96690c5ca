// The examples of the README run, each as a program of its own in a session of its own, and print what stands below them.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { joinOwnSession } from './testing/own-session.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const examples = [...readme.matchAll(/```js\n(.*?)```\n\n```text\n(.*?)```/gs)];

test('the README has its examples', () => {
  assert.equal(examples.length, 4);
});

for (const [, program = '', printed] of examples) {
  test(`the example prints what it says: ${/from '(.*)'/.exec(program)?.[1]}`, () => {
    joinOwnSession();
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: new URL('..', import.meta.url).pathname,
      encoding: 'utf8',
    });
    assert.equal(run.stderr, '');
    assert.equal(run.stdout, printed);
  });
}
