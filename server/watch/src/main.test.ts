// The watch as a process, beside a keep that the test can take away.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type InputOf, machines, ok, refuse } from '@chatelaine/contract';
import { type LinkHandler, LinkServer, listenUnix, makePeerKey, type PeerKey, writePeerKey } from '@chatelaine/link';

const directory = mkdtempSync(join(tmpdir(), 'watch-'));
const configFile = join(directory, 'chatelaine.toml');
const socketFile = join(directory, 'keep.sock');
const pidFile = join(directory, 'watch.pid');
const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(directory, { recursive: true });
});

const config = (more = ''): string => `purpose = "development"
[keep]
socket = ${JSON.stringify(socketFile)}
[watch]
directory = ${JSON.stringify(join(directory, 'watch'))}
pid_file = ${JSON.stringify(pidFile)}
${more}`;

const start = (args: readonly string[]) => {
  const program = join(import.meta.dirname, 'main.ts');
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  children.push(child);
  let words = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      words += chunk.toString();
    });
  }
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const ready = Promise.race([
    once(child.stdio[3] as NodeJS.ReadableStream, 'data'),
    ended.then((code) => assert.fail(`the watch ended with ${code}: ${words}`)),
  ]);
  ready.catch(() => undefined);
  return { child, words: () => words, ended, ready };
};

type Report = InputOf<typeof machines.report>;

const watched = (name: string, checker: string, intervalMs = 1_000): machines.WatchedMachine => ({
  name,
  host: name,
  checker,
  intervalMs,
  values: { host: name },
  firstCheckInMs: 0,
  dueInMs: 3_600_000,
});

/** A keep that tells of some machines and writes down what it is told. */
const startKeep = async (key: PeerKey, told: readonly machines.WatchedMachine[]) => {
  const reports: Report[] = [];
  const handler: LinkHandler = {
    call: async (_, { operation, input }) => {
      if (operation !== machines.report.name) return { result: refuse('unknown-operation') };
      // What is attached is wiped after the answer; a report has nothing attached.
      reports.push(structuredClone(input) as Report);
      return { result: ok({ due: [] }) };
    },
    stream: async (_, { operation, signal }) => {
      if (operation !== machines.schedule.name) return refuse('unknown-operation');
      return (async function* () {
        yield { kind: 'machines', machines: told };
        yield { kind: 'complete' };
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      })();
    },
  };
  const server = new LinkServer({ keyOf: () => key, handler });
  const listener = await listenUnix({ path: socketFile, mode: 0o600, server });
  const completed = (name: string) => reports.flatMap((report) => report.completed.filter((one) => one.name === name));
  return {
    reports,
    completed,
    stop: async () => {
      await listener.close();
      await server.close({ drainMs: 0 });
    },
  };
};

const until = async (condition: () => boolean, what: string): Promise<void> => {
  for (let attempt = 0; !condition(); attempt++) {
    assert.ok(attempt < 1_000, what);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

const ready = async (): Promise<PeerKey> => {
  mkdirSync(join(directory, 'watch'), { recursive: true });
  const key = makePeerKey('watch', 'watch');
  rmSync(join(directory, 'watch', 'link.key'), { force: true });
  await writePeerKey(join(directory, 'watch', 'link.key'), key);
  writeFileSync(configFile, config(), { mode: 0o600 });
  return key;
};

test('it is ready without its keep, tells what it sees when the keep is there, and what it saw meanwhile after a loss', async () => {
  const key = await ready();
  const watch = start(['--config', configFile, '--ready-fd', '3']);
  await watch.ready;
  assert.equal(readFileSync(pidFile, 'utf8'), `${watch.child.pid}\n`);
  const fleet = [watched('alive', 'true'), watched('silent', 'exit 4'), watched('wrong', 'ping %(hots)s')];
  const first = await startKeep(key, fleet);
  await until(() => first.completed('alive').length > 0 && first.completed('silent').length > 0, 'first reports');
  assert.equal(first.completed('alive')[0]?.status, 0);
  assert.equal(first.completed('silent')[0]?.status, 4);
  assert.deepEqual(first.reports[0]?.started.map(({ command }) => command).toSorted(), ['exit 4', 'true']);
  await first.stop();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const second = await startKeep(key, fleet);
  await until(() => second.completed('alive').length >= 2, 'what was seen meanwhile');
  assert.ok(
    second.completed('alive').some(({ startedAgoMs }) => startedAgoMs > 200),
    'dated by its start',
  );
  await second.stop();
  watch.child.kill('SIGTERM');
  assert.equal(await watch.ended, 0, watch.words());
  assert.equal(existsSync(pidFile), false);
  assert.equal(
    watch.words().split('a checker cannot be run').length,
    3,
    'said once, and again after everything was told anew',
  );
});

test('a check that runs while the link is lost goes on and is told afterwards', async () => {
  const key = await ready();
  const gate = join(directory, 'go-on');
  const slow = watched('slow', `while [ ! -e ${gate} ]; do sleep 0.05; done; exit 6`, 600_000);
  const watch = start(['--config', configFile, '--ready-fd', '3']);
  const first = await startKeep(key, [slow]);
  await until(() => first.reports.some(({ started }) => started.length > 0), 'it began');
  await first.stop();
  const second = await startKeep(key, [slow]);
  await until(() => watch.words().split('every machine is known').length === 3, 'the link is back');
  writeFileSync(gate, '');
  await until(() => second.completed('slow').length === 1, 'its end is told');
  assert.equal(second.completed('slow')[0]?.status, 6);
  assert.ok(
    second.reports.every(({ started }) => started.length === 0),
    'it was not begun a second time',
  );
  await second.stop();
  watch.child.kill('SIGTERM');
  assert.equal(await watch.ended, 0, watch.words());
});

test('stopped, it ends in order, and tells nothing of the checks that it ended', async () => {
  const key = await ready();
  const watch = start(['--config', configFile, '--ready-fd', '3']);
  const keep = await startKeep(key, [watched('hangs', `echo $$ > ${join(directory, 'hangs')}; sleep 1000`)]);
  await until(() => keep.reports.length > 0, 'it began');
  const checker = Number(readFileSync(join(directory, 'hangs'), 'utf8'));
  watch.child.kill('SIGTERM');
  assert.equal(await watch.ended, 0, watch.words());
  assert.equal(existsSync(`/proc/${checker}`), false);
  assert.deepEqual(keep.completed('hangs'), []);
  await keep.stop();
});

test('without its helper it ends, and says why', async () => {
  await ready();
  const watch = start(['--config', configFile, '--ready-fd', '3']);
  await watch.ready;
  const pid = watch.child.pid ?? 0;
  const helper = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
  process.kill(helper, 'SIGKILL');
  assert.equal(await watch.ended, 1);
  assert.match(watch.words(), /watch: the process that runs the checkers ended with SIGKILL\n/);
});

test('what is wrong with the settings is said with its line; a missing key of the link with what makes it', async () => {
  await ready();
  writeFileSync(configFile, config('max_checkers = 0\n'));
  const wrong = start(['--config', configFile, '--check-config']);
  assert.equal(await wrong.ended, 4);
  assert.match(wrong.words(), /chatelaine\.toml:7: watch\.max_checkers: /);
  writeFileSync(configFile, config());
  assert.equal(await start(['--config', configFile, '--check-config']).ended, 0);
  assert.equal(await start(['--no-such-option']).ended, 2);
  rmSync(join(directory, 'watch', 'link.key'));
  const keyless = start(['--config', configFile]);
  assert.equal(await keyless.ended, 1);
  assert.match(keyless.words(), /^watch: .*link\.key does not exist; make it with: chatelaine init --complete\n$/);
});
