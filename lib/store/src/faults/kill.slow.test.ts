// kill -9, three hundred times, under load.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { it, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { firstAuditHash } from '../audit-hash.ts';
import { scratchStore } from '../scratch-store.ts';
import { openSqliteStore } from '../sqlite-store.ts';
import { checkAcknowledged, countAcknowledged } from './check-acknowledged.ts';

const ROUNDS = 300;
const LANES = 2;
const WRITERS = 8;
const program = fileURLToPath(new URL('./write-until-killed.ts', import.meta.url));

/** Starts a writer, kills it within a while of its first answer (now and then before), and returns what it told. */
const killOnce = async (path: string, run: string): Promise<string> => {
  const child = spawn(process.execPath, [program, path, run, String(WRITERS)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise((resolve) => child.once('close', resolve));
  let told = '';
  const heard = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      told += chunk.toString();
      resolve();
    });
  });
  const isEarly = randomInt(10) === 0;
  if (isEarly) await setTimeout(randomInt(200));
  else {
    await Promise.race([heard, exited]);
    await setTimeout(randomInt(60));
  }
  child.kill('SIGKILL');
  await exited;
  assert.equal(child.signalCode, 'SIGKILL', 'the writer was alive until it was killed');
  return told;
};

const killMany = async (
  t: TestContext,
  lane: number,
  rounds: number,
): Promise<{ answered: number; unheard: number }> => {
  const created = await scratchStore(t);
  const { path } = created;
  await created.close();
  let head = { sequence: 0, hash: firstAuditHash };
  const sum = { answered: 0, unheard: 0 };
  let since = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    const run = `run${lane}-${round}`;
    const counts = countAcknowledged(await killOnce(path, run));
    for (let writer = 0; writer < WRITERS; writer++) since.set(`${run} ${writer}`, counts.get(`${run} ${writer}`) ?? 0);
    // Not after every kill: the next writer shall also meet what a kill left, untouched.
    if (round % 3 !== 2 && round !== rounds - 1) continue;
    const store = await openSqliteStore({ path });
    const checked = await checkAcknowledged(store, since, head);
    await store.close();
    head = checked.head;
    sum.answered += checked.answered;
    sum.unheard += checked.unheard;
    since = new Map();
  }
  const store = await openSqliteStore({ path });
  const whole = await checkAcknowledged(store, new Map(), head);
  assert.equal(whole.head.sequence, sum.answered + sum.unheard);
  await store.close();
  return sum;
};

it(`loses nothing that was answered and doubles nothing over ${ROUNDS} kills under load`, async (t) => {
  const sums = await Promise.all(Array.from({ length: LANES }, (_, lane) => killMany(t, lane, ROUNDS / LANES)));
  const answered = sums.reduce((sum, each) => sum + each.answered, 0);
  const unheard = sums.reduce((sum, each) => sum + each.unheard, 0);
  t.diagnostic(`${ROUNDS} kills, ${answered} commits answered and there, ${unheard} there that were not answered`);
  assert.ok(answered > ROUNDS, 'the writers were under load');
});
