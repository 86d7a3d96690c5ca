// Mandos's default checker is fping, which needs raw sockets: the checkers' account has the right to them and to nothing else,
// though nothing it starts can gain a privilege.

import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { runProgram } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

const root = path.join(import.meta.dirname, '..', '..');

test('fping works under the account of checkers, without new privileges and without any other right', async () => {
  await using scratch = new Scratch();
  const directory = scratch.directory();
  chmodSync(directory, 0o755);
  const file = path.join(directory, 'program.mjs');
  const library = path.join(root, 'lib', 'process', 'src', 'index.ts');
  writeFileSync(
    file,
    `import { spawnSync } from 'node:child_process';
    import { becomeAccount } from ${JSON.stringify(library)};
    becomeAccount({ account: 'nobody', group: 'nogroup', purpose: 'production', mayPing: true });
    const run = (command) => spawnSync('/bin/sh', ['-c', command], { encoding: 'utf8' });
    const status = run('cat /proc/self/status').stdout;
    console.log(JSON.stringify({ pinged: run('fping -q -- 127.0.0.1').status, shadow: run('cat /etc/shadow').status, status }));`,
  );
  const args = ['--no-new-privs', process.execPath, file];
  const { stdout, stderr } = await runProgram('setpriv', args);
  assert.notEqual(stdout.length, 0, stderr);
  const { pinged, shadow, status } = JSON.parse(stdout.toString());
  assert.equal(pinged, 0);
  assert.notEqual(shadow, 0);
  assert.match(status, /^NoNewPrivs:\s+1$/m);
  assert.match(status, /^Uid:\s+65534\s+65534\s+65534\s+65534$/m);
  // CAP_NET_RAW alone.
  for (const field of ['CapPrm', 'CapEff', 'CapAmb']) assert.match(status, new RegExp(`^${field}:\\s+0*2000$`, 'm'));
});
