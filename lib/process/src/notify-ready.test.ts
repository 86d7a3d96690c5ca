import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fstatSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, describe, test } from 'node:test';
import { openDatagramReceiver } from './datagram-receiver.ts';
import { notifyReady } from './notify-ready.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'chatelaine-ready-'));
after(() => rmSync(scratch, { recursive: true }));
afterEach(() => {
  delete process.env['NOTIFY_SOCKET'];
});

describe('saying that a process is ready', () => {
  test('one line of JSON is written to the descriptor, and it is closed', () => {
    const file = path.join(scratch, 'line');
    const descriptor = openSync(file, 'w');
    notifyReady(descriptor, { mandos: '127.0.0.1:1' });
    assert.equal(readFileSync(file, 'utf8'), '{"mandos":"127.0.0.1:1"}\n');
    assert.throws(() => fstatSync(descriptor), { code: 'EBADF' });
  });

  test('the service manager is told, by a path or an abstract name', () => {
    for (const name of [path.join(scratch, 'notify'), `@chatelaine-test-${process.pid}`]) {
      const receiver = openDatagramReceiver(name);
      process.env['NOTIFY_SOCKET'] = name;
      notifyReady(undefined, {});
      assert.equal(receiver.receive(), 'READY=1');
      receiver.close();
    }
  });

  test('a service manager that is gone is no reason to stop', () => {
    process.env['NOTIFY_SOCKET'] = path.join(scratch, 'gone');
    notifyReady(undefined, {});
  });
});

describe('being asked to stop', () => {
  const program = `
    import { onStopSignals } from ${JSON.stringify(import.meta.resolve('./stop-signals.ts'))};
    const alive = setInterval(() => {}, 1000);
    onStopSignals((signal) => { process.stdout.write(signal); if (process.env.PEACE) clearInterval(alive); });
    process.stdout.write('ready');`;

  const start = async (environment: NodeJS.ProcessEnv) => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...environment },
    });
    await once(child.stdout, 'data');
    return child;
  };

  test('the first signal is handled in peace', async () => {
    const child = await start({ PEACE: '1' });
    child.kill('SIGTERM');
    const [said] = await once(child.stdout, 'data');
    const [status] = await once(child, 'exit');
    assert.deepEqual([String(said), status], ['SIGTERM', 0]);
  });

  test('the second one ends the process at once', async () => {
    const child = await start({});
    child.kill('SIGTERM');
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    const [status] = await once(child, 'exit');
    assert.equal(status, 130);
  });
});
