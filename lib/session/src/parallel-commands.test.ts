// Commands that run at the same time in one shell, as processes of their own.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSession } from './open-session.ts';
import { startSession } from './start-session.ts';
import { ScratchRuntime, surroundings } from './testing/scratch-runtime.ts';

const PROCESSES = 4;
const VAULTS = 50;

const program = `
import { surroundings } from ${JSON.stringify(new URL('./testing/scratch-runtime.ts', import.meta.url).href)};
import { openSession } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)};
const [name, count] = process.argv.slice(1);
const opened = openSession(process.env.TOKEN, { surroundings: surroundings() });
if (opened.kind !== 'opened') throw new Error(opened.code);
using session = opened.session;
for (let at = 0; at < Number(count); at++) {
  const done = session.login(name + '-' + at, Buffer.from(name + at));
  if (done.kind === 'refused') { process.stdout.write(done.code); process.exit(1); }
}
`;

const runProcess = async (name: string, count: number, environment: NodeJS.ProcessEnv): Promise<[number, string]> => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, name, String(count)], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  const [code] = await once(child, 'close');
  return [code, said];
};

test('no vault is lost when several commands log in at once', async () => {
  using runtime = new ScratchRuntime();
  const { environment } = runtime;
  const started = startSession({ ...runtime.options, surroundings: surroundings() });
  assert.ok(started.kind === 'started');
  using session = started.session;
  const names = Array.from({ length: PROCESSES }, (_, at) => `p${at}`);
  const ends = await Promise.all(
    names.map((name) => runProcess(name, VAULTS, { ...environment, TOKEN: started.token })),
  );
  assert.deepEqual(
    ends.map(([code]) => code),
    names.map(() => 0),
  );
  assert.equal(session.vaults().length, PROCESSES * VAULTS);
  const leftOver = readdirSync(runtime.in(session.id)).filter((name) => name.includes('.'));
  assert.deepEqual(leftOver, []);
});

test('a logout in the middle of logins leaves nothing behind, and each command hears of it', async () => {
  using runtime = new ScratchRuntime();
  const { environment } = runtime;
  const started = startSession({ ...runtime.options, surroundings: surroundings() });
  assert.ok(started.kind === 'started');
  const { session, token } = started;
  const ends = ['a', 'b'].map((name) => runProcess(name, 1_000_000, { ...environment, TOKEN: token }));
  const haveBegun = (): boolean =>
    ['a-0', 'b-0'].every((name) => session.vaults().some((vault) => vault.name === name));
  while (!haveBegun()) await sleep(5);
  session.end();
  session[Symbol.dispose]();
  assert.deepEqual(await Promise.all(ends), [
    [1, 'logged-out'],
    [1, 'logged-out'],
  ]);
  assert.equal(openSession(token, { ...runtime.options, surroundings: surroundings() }).kind, 'refused');
  assert.equal(endedRest(runtime), 0);
});

/** Files of keys that are still there. */
const endedRest = (runtime: ScratchRuntime): number =>
  readdirSync(runtime.in(), { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('/')).length;
