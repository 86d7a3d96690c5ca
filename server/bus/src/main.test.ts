// The bridge as a process, beside a keep and a bus that the test can take away.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { machines, ok, refuse } from '@chatelaine/contract';
import { type LinkHandler, LinkServer, listenUnix, makePeerKey, type PeerKey, writePeerKey } from '@chatelaine/link';
import { machineView } from './testing/machine-view.ts';
import { PrivateBus } from './testing/private-bus.ts';
import { runToEnd } from './testing/run-to-end.ts';
import { BusConnection } from './wire/bus-connection.ts';

const children: ChildProcess[] = [];
const directories: string[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
  for (const directory of directories) rmSync(directory, { recursive: true });
});

interface Place {
  readonly configFile: string;
  readonly socket: string;
  readonly pidFile: string;
  readonly key: PeerKey;
}

const prepare = async (address: string, more = ''): Promise<Place> => {
  const directory = mkdtempSync(join(tmpdir(), 'bus-process-'));
  directories.push(directory);
  const [configFile, socket, pidFile] = ['chatelaine.toml', 'keep.sock', 'bus.pid'].map((name) =>
    join(directory, name),
  );
  assert.ok(configFile !== undefined && socket !== undefined && pidFile !== undefined);
  mkdirSync(join(directory, 'bus'));
  const key = makePeerKey('bus', 'bus');
  await writePeerKey(join(directory, 'bus', 'link.key'), key);
  writeFileSync(
    configFile,
    `purpose = "development"
[keep]
socket = ${JSON.stringify(socket)}
[bus]
directory = ${JSON.stringify(join(directory, 'bus'))}
pid_file = ${JSON.stringify(pidFile)}
address = ${JSON.stringify(address)}
${more}`,
  );
  return { configFile, socket, pidFile, key };
};

interface Running {
  readonly child: ChildProcess;
  readonly words: () => string;
  readonly ended: Promise<number | null>;
  readonly ready: Promise<unknown>;
}

const start = (args: readonly string[]): Running => {
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
  const line = once(child.stdio[3] as NodeJS.ReadableStream, 'data').then(([chunk]) => JSON.parse(String(chunk)));
  const early = ended.then((code) => {
    throw new Error(`the bridge ended with ${code}: ${words}`);
  });
  const ready = Promise.race([line, early]);
  // Not every test waits for it.
  ready.catch(() => undefined);
  return { child, words: () => words, ended, ready };
};

const keepHandler: LinkHandler = {
  call: async (peer, { operation }) => {
    const isAllowed = peer.role === 'bus' && operation === machines.list.name;
    return { result: isAllowed ? ok({ machines: [machineView('web-1')] }) : refuse('denied') };
  },
  stream: async (_, { operation, signal }) => {
    if (operation !== machines.events.name) return refuse('unknown-operation');
    return (async function* () {
      yield { kind: 'listening' };
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    })();
  },
};

const startKeep = async ({ key, socket }: Place): Promise<() => Promise<void>> => {
  const server = new LinkServer({ keyOf: () => key, handler: keepHandler });
  const listener = await listenUnix({ path: socket, mode: 0o600, server });
  return async () => {
    await listener.close();
    await server.close({ drainMs: 0 });
  };
};

const listed = async (address: string): Promise<string> => {
  const args = ['--print-reply', '--dest=se.recompile.Mandos', '/', 'se.recompile.Mandos.GetAllClients'];
  return (await runToEnd('dbus-send', [`--bus=${address}`, ...args])).output;
};

/** Lists until the answer fits: the bridge notices a change by itself, but not at once. */
const listedUntil = async (address: string, pattern: RegExp): Promise<void> => {
  for (let attempt = 0; !pattern.test(await listed(address)); attempt++) {
    assert.ok(attempt < 300, `never ${pattern}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

test('it shows the machines of the keep, also after a restart of the keep, and leaves nothing behind', async () => {
  await using bus = await PrivateBus.start();
  const place = await prepare(bus.address);
  let stopKeep = await startKeep(place);
  const running = start(['--config', place.configFile, '--ready-fd', '3']);
  assert.deepEqual(await running.ready, { address: bus.address });
  assert.match(await listed(bus.address), /"\/clients\/web_1"/);
  assert.equal(readFileSync(place.pidFile, 'utf8'), `${running.child.pid}\n`);
  await stopKeep();
  stopKeep = await startKeep(place);
  await listedUntil(bus.address, /"\/clients\/web_1"/);
  running.child.kill('SIGTERM');
  assert.equal(await running.ended, 0);
  assert.match(await listed(bus.address), /ServiceUnknown/);
  assert.equal(existsSync(place.pidFile), false);
  await stopKeep();
});

test('it is ready without a keep, and shows nothing until there is one', async () => {
  await using bus = await PrivateBus.start();
  const place = await prepare(bus.address);
  const running = start(['--config', place.configFile, '--ready-fd', '3']);
  await running.ready;
  assert.match(await listed(bus.address), /ServiceUnknown/);
  const stopKeep = await startKeep(place);
  await listedUntil(bus.address, /"\/clients\/web_1"/);
  running.child.kill('SIGTERM');
  assert.equal(await running.ended, 0);
  await stopKeep();
});

test('it ends with words when the bus ends, so that it is started again', async () => {
  await using bus = await PrivateBus.start();
  const place = await prepare(bus.address);
  const stopKeep = await startKeep(place);
  const running = start(['--config', place.configFile, '--ready-fd', '3']);
  await running.ready;
  await bus.stop();
  assert.equal(await running.ended, 1);
  assert.match(running.words(), /bus: the bus ended the connection/);
  await stopKeep();
});

test('it ends when it is asked to, also if the bus hangs', async () => {
  await using bus = await PrivateBus.start();
  const place = await prepare(bus.address);
  const stopKeep = await startKeep(place);
  const running = start(['--config', place.configFile, '--ready-fd', '3']);
  await running.ready;
  bus.hang();
  running.child.kill('SIGTERM');
  assert.equal(await running.ended, 0);
  await stopKeep();
});

test('it ends with words when another server has the name', async () => {
  await using bus = await PrivateBus.start();
  const other = await BusConnection.open([bus.path], { call: () => undefined, lost: () => undefined });
  await other.askBus('RequestName', 'su', ['se.recompile.Mandos', 4]);
  const place = await prepare(bus.address);
  const stopKeep = await startKeep(place);
  const running = start(['--config', place.configFile]);
  assert.equal(await running.ended, 1);
  assert.match(running.words(), /^bus: the name se\.recompile\.Mandos is taken on the bus/m);
  await other.close();
  await stopKeep();
});

test('a wrong address is found with its line, before anything is done', async () => {
  const place = await prepare('tcp:host=localhost,port=1');
  const running = start(['--config', place.configFile, '--check-config']);
  assert.equal(await running.ended, 4);
  assert.match(running.words(), /chatelaine\.toml:7: bus\.address: must be an address of a bus on this machine/);
});
