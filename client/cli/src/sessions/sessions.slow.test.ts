// The terminal sessions beside this file, each with an instance of its own.

import { readFileSync } from 'node:fs';
import test from 'node:test';
import { DevInstance } from '../testing/dev-instance.ts';
import { Terminal } from '../testing/run-session.ts';
import { ScratchDirectory } from '../testing/scratch-directory.ts';

const read = (name: string): string => readFileSync(new URL(`./${name}.session.txt`, import.meta.url), 'utf8');

for (const name of ['machine', 'settings', 'import', 'keep', 'token', 'password']) {
  test(`a session goes as it is written down: ${name}`, async () => {
    using scratch = new ScratchDirectory();
    await using instance = await DevInstance.start(['--dir', scratch.in('instance')]);
    await new Terminal(scratch.path, { CHATELAINE_DIR: instance.ready.dir }).follow(read(name));
  });
}

test('a session goes as it is written down: without a keep', async () => {
  using scratch = new ScratchDirectory();
  await new Terminal(scratch.path).follow(read('without-a-keep'));
});
