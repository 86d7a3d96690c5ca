// What a kill cannot show, since the kernel keeps what a killed process wrote: the disk is synced before a commit is answered,
// and a disk that fails to sync ends all promises. Watched and provoked with strace.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { firstAuditHash } from '../audit-hash.ts';
import { scratchStore } from '../scratch-store.ts';
import { openSqliteStore } from '../sqlite-store.ts';
import { checkAcknowledged, countAcknowledged } from './check-acknowledged.ts';

const program = fileURLToPath(new URL('./write-until-killed.ts', import.meta.url));

/** Runs a single writer under strace and returns what it told and the trace. */
const trace = async (t: TestContext, commits: number, options: readonly string[]) => {
  const created = await scratchStore(t);
  const { path } = created;
  await created.close();
  const output = `${path}-trace`;
  const { stdout, status, error } = spawnSync(
    'strace',
    ['-f', '-y', '-o', output, ...options, process.execPath, program, path, 'run', '1', String(commits)],
    { encoding: 'utf8', timeout: 60_000 },
  );
  assert.equal(error, undefined, 'strace (Debian package strace) runs');
  assert.equal(status, 0);
  return { path, told: stdout, lines: readFileSync(output, 'utf8').split('\n') };
};

it('syncs the log after it was written and before each commit is answered', async (t) => {
  const { told, lines } = await trace(t, 50, ['-e', 'trace=pwrite64,fsync,fdatasync,write']);
  assert.equal(countAcknowledged(told).get('run 0'), 50);
  let isWritten = false;
  let isSynced = false;
  let answers = 0;
  const begun = new Map<string, boolean>();
  for (const line of lines) {
    const [, thread = '', call = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    if (/^pwrite64\(\d+<[^>]*-wal>/.test(call)) {
      isWritten = true;
      isSynced = false;
    } else if (/^(fsync|fdatasync)\(\d+<[^>]*-wal>/.test(call)) {
      if (/= 0$/.test(call)) isSynced = true;
      else begun.set(thread, true);
    } else if (/^<\.\.\. (fsync|fdatasync) resumed>.*= 0$/.test(call) && begun.delete(thread)) {
      isSynced = true;
    } else if (/^write\(1<[^>]*>, "run 0 \d+\\n"/.test(call)) {
      answers++;
      assert.ok(isWritten && isSynced, `answer ${answers} came before the sync of its log`);
      isWritten = false;
    }
  }
  assert.equal(answers, 50);
});

it('takes no commit any more when a sync failed, says so, goes on reading, and has lost nothing it answered', async (t) => {
  const { path, told } = await trace(t, 0, [
    '-e',
    'trace=fsync,fdatasync',
    '-e',
    'inject=fsync,fdatasync:error=EIO:when=40+',
  ]);
  const acknowledged = countAcknowledged(told);
  assert.ok((acknowledged.get('run 0') ?? 0) > 10, told);
  assert.match(told, /^fatal internal$/m);
  assert.match(told, /^after internal$/m);
  assert.match(told, /^read \d+$/m);
  const store = await openSqliteStore({ path });
  await checkAcknowledged(store, acknowledged, { sequence: 0, hash: firstAuditHash });
  await store.close();
});
