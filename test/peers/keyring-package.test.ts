// The library of the keyring as a package of its own, outside this tree: nothing but the foreign function interface beside it.

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { keyctl } from '@chatelaine/keyring';
import { runProgram, runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('the package works alone, and its first example prints what it says', async () => {
  keyctl.joinSessionKeyring();
  await using scratch = new Scratch();
  const directory = scratch.directory();
  const file = (await runToSuccess(path.join(root, 'scripts/pack-library'), ['keyring', directory])).trim();
  const place = path.join(directory, 'node_modules/@chatelaine/keyring');
  mkdirSync(place, { recursive: true });
  await runToSuccess('tar', ['xzf', file, '-C', place, '--strip-components=1']);
  assert.deepEqual(
    readdirSync(place, { recursive: true, encoding: 'utf8' }).filter((name) => /test|(?<!\.d)\.ts$/.test(name)),
    [],
  );
  const manifest = JSON.parse(readFileSync(path.join(place, 'package.json'), 'utf8'));
  assert.deepEqual([Object.keys(manifest.dependencies), manifest.private], [['koffi'], undefined]);
  for (const name of ['koffi', '@koromix']) {
    symlinkSync(path.join(root, 'node_modules', name), path.join(directory, 'node_modules', name));
  }
  const readme = readFileSync(path.join(place, 'README.md'), 'utf8');
  const [, program = '', printed] = /```js\n(.*?)```\n\n```text\n(.*?)```/s.exec(readme) ?? [];
  const run = await runProgram(process.execPath, ['--input-type=module', '-e', program], { cwd: directory });
  assert.deepEqual([run.stderr, run.stdout.toString()], ['', printed]);
});
