// What is left in the memory of a process that used a session and disposed of it: nothing that opens anything.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import test from 'node:test';
import { startSession } from './start-session.ts';
import { ScratchRuntime, surroundings } from './testing/scratch-runtime.ts';

const program = `
import { openSession } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)};
import { surroundings } from ${JSON.stringify(new URL('./testing/scratch-runtime.ts', import.meta.url).href)};

const use = () => {
  const opened = openSession(process.env.TOKEN, { surroundings: surroundings() });
  if (opened.kind !== 'opened') throw new Error(opened.code);
  const { session } = opened;
  const answer = session.key('backup');
  if (answer.kind !== 'key') throw new Error(answer.code);
  session.login('again', answer.key.bytes);
  if (process.env.HOLD === 'yes') return;
  answer.key.release();
  session[Symbol.dispose]();
};

use();
globalThis.gc();
await new Promise((resolve) => setTimeout(resolve, 50));
globalThis.gc();
process.stdout.write('used');
process.stdin.resume();
`;

const PART_BYTES = 1 << 20;

/** How often that is in the memory of a process. */
const countIn = (pid: number, secret: Uint8Array): number => {
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const part = Buffer.alloc(PART_BYTES);
  let count = 0;
  for (const [, from = '0', to = '0'] of readFileSync(`/proc/${pid}/maps`, 'latin1').matchAll(/^(\w+)-(\w+) r/gm)) {
    const end = Number.parseInt(to, 16);
    // The parts overlap by one byte less than the secret, so that none is seen twice or not at all.
    for (let at = Number.parseInt(from, 16); at < end; at += PART_BYTES - secret.length + 1) {
      try {
        const size = readSync(memory, part, 0, Math.min(PART_BYTES, end - at), at);
        for (
          let hit = part.indexOf(secret);
          hit >= 0 && hit + secret.length <= size;
          hit = part.indexOf(secret, hit + 1)
        )
          count++;
      } catch {
        // Guard pages, and what only the kernel reads.
        break;
      }
    }
  }
  closeSync(memory);
  return count;
};

const copiesLeft = async (
  environment: NodeJS.ProcessEnv,
  secrets: readonly Uint8Array[],
): Promise<readonly number[]> => {
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', program], {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  try {
    return secrets.map((secret) => countIn(child.pid ?? 0, secret));
  } finally {
    child.kill();
    await once(child, 'close');
  }
};

test('of a key, and of the runtime secret, no copy is left', async () => {
  using runtime = new ScratchRuntime();
  const { environment } = runtime;
  const started = startSession({ ...runtime.options, surroundings: surroundings() });
  assert.ok(started.kind === 'started');
  using session = started.session;
  const key = randomBytes(32);
  session.login('backup', key);
  const runtimeSecret = readFileSync(runtime.in(session.id, 'session')).subarray(8, 40);
  const given = { ...environment, TOKEN: started.token };
  const [held = 0] = await copiesLeft({ ...given, HOLD: 'yes' }, [key]);
  assert.ok(held >= 1, 'a key that is held is found');
  assert.deepEqual(await copiesLeft(given, [key, runtimeSecret]), [0, 0]);
});
