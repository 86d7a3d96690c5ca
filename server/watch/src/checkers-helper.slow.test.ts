// The helper as a real process, with real shells.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CheckersHelper, HelperEndedError } from './checkers-helper.ts';
import { connectToHelper, startHelper } from './helper-line.ts';
import type { Ending } from './machine-checks.ts';

const directory = mkdtempSync(join(tmpdir(), 'watch-helper-'));
const configFile = join(directory, 'chatelaine.toml');
writeFileSync(configFile, 'purpose = "development"\n', { mode: 0o600 });
after(() => rmSync(directory, { recursive: true }));

const start = async (): Promise<CheckersHelper> => {
  const helper = new CheckersHelper(startHelper(configFile));
  await helper.ready;
  return helper;
};

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
};

/** Whether it runs; one that has ended may stay for a while until somebody asks how. */
const isAlive = (pid: number): boolean => {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

/** A number that a checker has written into a file. */
const written = async (name: string): Promise<number> => {
  const file = join(directory, name);
  await until(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'));
  return Number(readFileSync(file, 'utf8'));
};

describe('a checker', () => {
  let helper: CheckersHelper;
  before(async () => {
    process.env['NOTIFY_SOCKET'] = '/nowhere';
    process.env['SEEN_BY_CHECKERS'] = 'yes';
    helper = await start();
    delete process.env['NOTIFY_SOCKET'];
  });
  after(() => helper.close());

  const run = (command: string): Promise<Ending> =>
    new Promise((resolve) => helper.begin({ kind: 'run', command }, resolve));

  test('is told with its exit status, or the signal that ended it', async () => {
    assert.deepEqual(await run('true'), { kind: 'ended', waitStatus: 0 });
    assert.deepEqual(await run('exit 3'), { kind: 'ended', waitStatus: 3 << 8 });
    assert.deepEqual(await run('kill -KILL $$'), { kind: 'ended', waitStatus: 9 });
    assert.deepEqual(await run('exit 255'), { kind: 'ended', waitStatus: 255 << 8 });
  });

  test('that is missing, or no shell command, ends as the shell says', async () => {
    assert.deepEqual(await run('/no/such/checker'), { kind: 'ended', waitStatus: 127 << 8 });
    assert.deepEqual(await run("echo 'never closed"), { kind: 'ended', waitStatus: 2 << 8 });
    assert.deepEqual(await run(''), { kind: 'ended', waitStatus: 0 });
  });

  test('that is too long for the system is said to have failed, and nothing else happens', async () => {
    assert.deepEqual(await run(`# ${'x'.repeat(200_000)}`), { kind: 'failed', reason: 'E2BIG' });
    assert.deepEqual(await run('true'), { kind: 'ended', waitStatus: 0 });
  });

  test('has nothing on its standard input, output and error, no other descriptor, the root directory and its own group', async () => {
    const place = join(directory, 'told');
    mkdirSync(place);
    await run(`for fd in 0 1 2; do link=$(readlink /proc/$$/fd/$fd); echo "$link" > ${place}/fd$fd; done
      set -- /proc/$$/fd/*; echo $# > ${place}/count
      readlink /proc/$$/cwd > ${place}/cwd
      cat /proc/self/status > ${place}/status; cat /proc/$$/stat > ${place}/stat; echo $$ > ${place}/pid
      env > ${place}/env; ulimit -c > ${place}/core`);
    const told = (name: string): string => readFileSync(join(place, name), 'utf8').trim();
    assert.deepEqual([told('fd0'), told('fd1'), told('fd2')], ['/dev/null', '/dev/null', '/dev/null']);
    // The shell's own are 0, 1 and 2; one more is open while it lists them.
    assert.ok(Number(told('count')) <= 4, told('count'));
    assert.equal(told('cwd'), '/');
    const [, , group] = told('stat')
      .replace(/^.*\) /, '')
      .split(' ');
    assert.equal(group, told('pid'));
    assert.match(told('status'), /^SigBlk:\s+0+$/m);
    // Signals 32 and 33 are the C library's own.
    const ignored = BigInt(`0x${/^SigIgn:\s+([0-9a-f]+)$/m.exec(told('status'))?.[1]}`) & ~0x1_8000_0000n;
    assert.equal(ignored, 0n);
    assert.match(told('status'), /^NoNewPrivs:\s+1$/m);
    assert.equal(told('core'), '0');
    assert.match(told('env'), /^SEEN_BY_CHECKERS=yes$/m);
    assert.doesNotMatch(told('env'), /NOTIFY_SOCKET|UV_THREADPOOL_SIZE|MALLOC_ARENA_MAX/);
  });

  test('that hangs keeps nobody waiting, and is ended with everything in its group', async () => {
    const hanging = Promise.withResolvers<Ending>();
    const stop = helper.begin(
      { kind: 'run', command: `sleep 1000 & echo $! > ${directory}/hangs; sleep 1000` },
      hanging.resolve,
    );
    const child = await written('hangs');
    assert.deepEqual(await run('exit 7'), { kind: 'ended', waitStatus: 7 << 8 });
    stop();
    assert.deepEqual(await hanging.promise, { kind: 'ended', waitStatus: 15 });
    await until(() => !isAlive(child));
  });

  test('that does not listen to SIGTERM is killed', async () => {
    const deaf = Promise.withResolvers<Ending>();
    const stop = helper.begin(
      { kind: 'run', command: `trap '' TERM; echo $$ > ${directory}/deaf; while :; do sleep 1; done` },
      deaf.resolve,
    );
    await written('deaf');
    stop();
    assert.deepEqual(await deaf.promise, { kind: 'ended', waitStatus: 9 });
  });

  test('that leaves programs behind takes them along when it ends', async () => {
    assert.deepEqual(await run(`sleep 1000 & echo $! > ${directory}/left; exit 0`), { kind: 'ended', waitStatus: 0 });
    const left = await written('left');
    await until(() => !isAlive(left));
  });

  test('that writes a hundred megabytes, or stops itself, hurts nobody', async () => {
    assert.deepEqual(await run('head -c 100000000 /dev/zero; head -c 100000000 /dev/zero >&2'), {
      kind: 'ended',
      waitStatus: 0,
    });
    const stopped = Promise.withResolvers<Ending>();
    const stop = helper.begin(
      { kind: 'run', command: `echo $$ > ${directory}/stopped; kill -STOP $$` },
      stopped.resolve,
    );
    await written('stopped');
    assert.deepEqual(await run('true'), { kind: 'ended', waitStatus: 0 });
    stop();
    assert.equal((await stopped.promise).kind, 'ended');
  });

  test('among very many is told like one alone', async () => {
    const endings = await Promise.all(Array.from({ length: 300 }, (_, index) => run(`exit ${index % 200}`)));
    for (const [index, ending] of endings.entries()) {
      assert.deepEqual(ending, { kind: 'ended', waitStatus: (index % 200) << 8 });
    }
  });

  test('leaves no descriptor open in the helper', async () => {
    const open = (): number => readdirSync(`/proc/${helper.pid}/fd`).length;
    await run('true');
    const earlier = open();
    for (let count = 0; count < 50; count++) await run('true');
    assert.equal(open(), earlier);
    const links = readdirSync(`/proc/${helper.pid}/fd`).map((fd) => readlinkSync(`/proc/${helper.pid}/fd/${fd}`));
    assert.ok(!links.some((link) => link.includes('link.key')));
  });
});

test('asked to end, the helper ends what runs, also what does not listen, and nothing is left', async () => {
  const helper = await start();
  const told: Ending[] = [];
  const hangs = ['sleep 1000', "trap '' TERM; while :; do sleep 1; done"];
  for (const [index, command] of hangs.entries()) {
    helper.begin({ kind: 'run', command: `echo $$ > ${directory}/end${index}; ${command}` }, (ending) =>
      told.push(ending),
    );
  }
  const pids = await Promise.all(hangs.map((_, index) => written(`end${index}`)));
  await helper.close();
  assert.deepEqual(pids.filter(isAlive), []);
  assert.equal(helper.pid !== undefined && isAlive(helper.pid), false);
  assert.deepEqual(told, [], 'what was ended on purpose says nothing about a machine');
});

test('a helper that ends unasked is noticed, and so is one that cannot start', async () => {
  const helper = await start();
  assert.ok(helper.pid !== undefined);
  process.kill(helper.pid, 'SIGKILL');
  await assert.rejects(helper.ended, HelperEndedError);
  await helper.close();
  const wrong = new CheckersHelper(startHelper(join(directory, 'nothing.toml')));
  await assert.rejects(wrong.ready, HelperEndedError);
  await wrong.close();
});

test('when the watch is killed, the helper ends by itself, and everything that runs', async () => {
  const helper = await start();
  helper.begin({ kind: 'run', command: `echo $$ > ${directory}/orphan; sleep 1000` }, () => undefined);
  const checker = await written('orphan');
  const { pid } = helper;
  // The end of its input is all that it sees of it.
  await helper.close();
  await until(() => pid !== undefined && !isAlive(pid) && !isAlive(checker));
});

test('a helper that the service manager runs behind a socket does the same, and one that hangs up is noticed', async () => {
  const path = join(directory, 'checkers.sock');
  const given: ChildProcess[] = [];
  // As systemd with Accept=yes: the connection is standard input and output of a new process.
  const manager = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (connection) => {
    const args = [join(import.meta.dirname, 'check/main.ts'), '--config', configFile];
    given.push(spawn(process.execPath, args, { stdio: [connection, connection, 'inherit'] }));
    connection.destroy();
  });
  manager.listen(path);
  await once(manager, 'listening');
  try {
    const helper = new CheckersHelper(connectToHelper(path));
    await helper.ready;
    const ending = await new Promise((resolve) => helper.begin({ kind: 'run', command: 'exit 3' }, resolve));
    assert.deepEqual(ending, { kind: 'ended', waitStatus: 3 << 8 });
    await helper.close();
    await until(() => given[0]?.exitCode === 0);
    const other = new CheckersHelper(connectToHelper(path));
    await other.ready;
    given[1]?.kill('SIGKILL');
    await assert.rejects(other.ended, HelperEndedError);
  } finally {
    manager.close();
  }
  const nobody = new CheckersHelper(connectToHelper(path));
  await assert.rejects(nobody.ready, HelperEndedError);
  await nobody.close();
});
