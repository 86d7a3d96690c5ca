// A full disk: the change is refused, the store is what it was for both commands, and nothing is left beside it. Root only: it mounts
// a small file system.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, suite, test } from 'node:test';
import { runProgram, runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';
import { ourTrocla, realTrocla, sideWith, yamlStore } from '../support/trocla-pair.ts';

suite('trocla on a full disk', () => {
  const scratch = new Scratch();
  after(() => scratch[Symbol.asyncDispose]());

  test('changes nothing, however little space is left', async () => {
    const disk = scratch.directory();
    await runToSuccess('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', disk]);
    scratch.atEnd(() => runProgram('umount', ['-l', disk]));
    const configuration = yamlStore.replace('DIR', disk);
    const ours = sideWith(ourTrocla, scratch.directory(), configuration);
    const real = sideWith(realTrocla, scratch.directory(), configuration);
    const long = 'x'.repeat(40_000);
    assert.equal((await ours.run(['set', 'a', 'plain', '-p', 'kept'])).code, 0);
    assert.equal((await ours.run(['set', 'long', 'plain', '-p'], { input: long })).code, 0);
    const store = path.join(disk, 'store.yaml');
    const before = readFileSync(store);
    let refused = 0;
    for (const leftBytes of [0, 4_096, 12_288, 36_864, 69_632, 106_496, 200_704]) {
      const size = 512 * 1_024 - leftBytes - Math.ceil(statSync(store).size / 4_096) * 4_096;
      writeFileSync(path.join(disk, 'filler'), Buffer.alloc(Math.floor(size / 4_096) * 4_096));
      const said = await ours.run(['set', 'more', 'plain', '-p'], { input: `${long}${long}` });
      if (said.code !== 0) {
        refused++;
        assert.match(said.stderr, /ENOSPC/);
        assert.ok(readFileSync(store).equals(before), `${leftBytes} bytes left`);
      }
      assert.deepEqual(readdirSync(disk).sort(), ['filler', 'store.yaml']);
      assert.equal((await real.run(['get', 'a', 'plain'])).stdout, 'kept\n');
    }
    assert.ok(refused >= 4 && refused < 7, `${refused}`);
    assert.equal((await real.run(['get', 'more', 'plain'])).stdout, `${long}${long}\n`);
  });
});
