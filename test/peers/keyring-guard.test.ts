// The guard against a real D-Bus: the message that logind sends before the machine goes to sleep locks the keyring.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { keyctl } from '@chatelaine/keyring';
import { runProgram, runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

const cli = fileURLToPath(new URL('../../bin/chatelaine', import.meta.url));

/** A bus on which anybody may say anything. */
const startBus = async (scratch: Scratch): Promise<string> => {
  const directory = scratch.directory();
  const address = `unix:path=${path.join(directory, 'bus')}`;
  const config = path.join(directory, 'bus.conf');
  writeFileSync(
    config,
    `<busconfig><type>system</type><listen>${address}</listen><auth>EXTERNAL</auth><policy context="default">` +
      '<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/><allow user="*"/>' +
      '</policy></busconfig>',
  );
  const bus = spawn('dbus-daemon', ['--nofork', '--print-address', `--config-file=${config}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  scratch.atEnd(() => bus.kill());
  await createInterface({ input: bus.stdout })[Symbol.asyncIterator]().next();
  return address;
};

const ended = async (child: ChildProcess): Promise<{ code: number | null; stderr: string }> => {
  let stderr = '';
  child.stderr?.on('data', (part: Buffer) => {
    stderr += part.toString();
  });
  const [code] = await once(child, 'close');
  return { code, stderr };
};

const makeHome = async (scratch: Scratch, environment: Record<string, string>): Promise<Record<string, string>> => {
  keyctl.joinSessionKeyring();
  const home = scratch.directory();
  const env = { HOME: home, XDG_CONFIG_HOME: path.join(home, '.config'), ...environment };
  await runToSuccess(cli, ['keyring', 'init', '--sealed'], { input: 'pass phrase', env });
  await runToSuccess(cli, ['keyring', 'unlock'], { input: 'pass phrase', env });
  return env;
};

const isLocked = async (env: Readonly<Record<string, string>>): Promise<boolean> =>
  (await runProgram(cli, ['keyring', 'status', '--sealed'], { env })).code === 3;

test('before the machine sleeps the keyring is locked, and the guard ends', async () => {
  await using scratch = new Scratch();
  const bus = await startBus(scratch);
  const env = await makeHome(scratch, { DBUS_SYSTEM_BUS_ADDRESS: bus });
  const guard = spawn(cli, ['keyring', 'guard'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  scratch.atEnd(() => guard.kill());
  const end = ended(guard);
  let isOver = false;
  void end.then(() => {
    isOver = true;
  });
  const signal = [
    '--system',
    '--type=signal',
    '/org/freedesktop/login1',
    'org.freedesktop.login1.Manager.PrepareForSleep',
  ];
  // A wake-up is no reason. Nobody says when the guard listens: it is told until it hears.
  while (!isOver) {
    await runToSuccess('dbus-send', [...signal, 'boolean:false'], { env });
    await runToSuccess('dbus-send', [...signal, 'boolean:true'], { env });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { code, stderr } = await end;
  assert.deepEqual([code, stderr], [0, 'Locked: the machine goes to sleep.\n']);
  assert.equal(await isLocked(env), true);
});

test('without logind the guard says so, and whoever ends it finds the keyring locked', async () => {
  await using scratch = new Scratch();
  const env = await makeHome(scratch, { DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/nonexistent/bus' });
  const guard = spawn(cli, ['keyring', 'guard'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  scratch.atEnd(() => guard.kill());
  const end = ended(guard);
  const [first] = await once(guard.stderr ?? guard, 'data');
  assert.match(String(first), /logind does not answer/);
  assert.equal(await isLocked(env), false);
  guard.kill('SIGTERM');
  const { code, stderr } = await end;
  assert.equal(code, 0);
  assert.match(stderr, /Locked: the guard was ended\./);
  assert.equal(await isLocked(env), true);
});
