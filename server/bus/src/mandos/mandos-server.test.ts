// Against a real dbus-daemon, with dbus-send and dbus-monitor as the other peers.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { refuse } from '@chatelaine/contract';
import { BusMonitor } from '../testing/bus-monitor.ts';
import { machineView } from '../testing/machine-view.ts';
import type { Ended } from '../testing/run-to-end.ts';
import { CLIENT, ServerBench } from '../testing/server-bench.ts';
import { authenticate, BusError } from '../wire/authenticate.ts';
import { BusConnection } from '../wire/bus-connection.ts';
import { encodeMessage } from '../wire/message.ts';
import { variant } from '../wire/value.ts';

const PROPERTIES = 'org.freedesktop.DBus.Properties';

test('every property that can be read is read, and the secret never', async () => {
  await using bench = await ServerBench.start();
  await bench.server.list([machineView('web-1', { lastCheckedOkAtUnixMs: Date.UTC(2020, 0, 2, 3, 4, 5, 6) })]);
  const all = await bench.send('/clients/web_1', `${PROPERTIES}.GetAll`, `string:${CLIENT}`);
  assert.match(all.output, /"LastCheckedOK"\s+variant\s+string "2020-01-02T03:04:05.006000"/);
  assert.match(all.output, /"Timeout"\s+variant\s+uint64 300000/);
  assert.match(all.output, /"KeyID"\s+variant\s+string "(12){32}"/);
  assert.equal(all.output.match(/dict entry/g)?.length, 21);
  assert.doesNotMatch(all.output, /"Secret"/);
  const empty = await bench.send('/clients/web_1', `${PROPERTIES}.GetAll`, 'string:');
  assert.equal(empty.output.match(/dict entry/g)?.length, 21);
  const secret = await bench.send('/clients/web_1', `${PROPERTIES}.Get`, `string:${CLIENT}`, 'string:Secret');
  assert.match(secret.output, /AccessDenied/);
});

test('a machine that is disabled, or whose time ran out, is not enabled and has no end', async () => {
  await using bench = await ServerBench.start();
  await bench.server.list([machineView('a', { state: 'expired' })]);
  const get = (name: string) => bench.send('/clients/a', `${PROPERTIES}.Get`, `string:${CLIENT}`, `string:${name}`);
  assert.match((await get('Enabled')).output, /boolean false/);
  assert.match((await get('Expires')).output, /string ""/);
});

test('what is written becomes a change asked of the keep', async () => {
  await using bench = await ServerBench.start();
  await bench.server.list([machineView('a')]);
  const name = 'a';
  const changes: readonly (readonly [string, string, string, object])[] = [
    ['Enabled', 'boolean:true', 'machines.enable', { name }],
    ['Enabled', 'boolean:false', 'machines.disable', { name }],
    ['Timeout', 'int32:5000', 'machines.set', { name, settings: { timeoutMs: 5_000 }, clear: [] }],
    ['ApprovalDelay', 'int64:30000', 'machines.set', { name, settings: { approvalDelayMs: 30_000 }, clear: [] }],
    ['ApprovalDuration', 'uint64:1', 'machines.set', { name, settings: { approvalDurationMs: 1 }, clear: [] }],
    ['ExtendedTimeout', 'byte:9', 'machines.set', { name, settings: { extendedTimeoutMs: 9 }, clear: [] }],
    ['Interval', 'uint16:9', 'machines.set', { name, settings: { intervalMs: 9 }, clear: [] }],
    ['ApprovedByDefault', 'boolean:false', 'machines.set', { name, settings: { approvedByDefault: false }, clear: [] }],
    ['Host', 'string:h', 'machines.set', { name, settings: { host: 'h' }, clear: [] }],
    ['Checker', 'string:true', 'machines.set-checker', { name, checker: 'true' }],
    ['CheckerRunning', 'boolean:true', 'machines.check', { name, run: true }],
    ['LastCheckedOK', 'string:', 'machines.vouch', { name }],
  ];
  for (const [property, value, operation, input] of changes) {
    const { code, output } = await bench.set('/clients/a', property, value);
    assert.equal(code, 0, `${property}: ${output}`);
    assert.deepEqual(bench.asked.pop(), { operation, input });
  }
});

test('every method becomes a change asked of the keep', async () => {
  await using bench = await ServerBench.start();
  await bench.server.list([machineView('a')]);
  const name = 'a';
  const methods: readonly (readonly [string, readonly string[], string, object])[] = [
    ['Approve', ['boolean:true'], 'machines.approve', { name, approve: true }],
    ['Approve', ['boolean:false'], 'machines.approve', { name, approve: false }],
    ['CheckedOK', [], 'machines.vouch', { name }],
    ['Enable', [], 'machines.enable', { name }],
    ['Disable', [], 'machines.disable', { name }],
    ['StartChecker', [], 'machines.check', { name, run: true }],
    ['StopChecker', [], 'machines.check', { name, run: false }],
  ];
  for (const [method, values, operation, input] of methods) {
    const { code, output } = await bench.send('/clients/a', `${CLIENT}.${method}`, ...values);
    assert.equal(code, 0, `${method}: ${output}`);
    assert.deepEqual(bench.asked.pop(), { operation, input });
  }
  bench.shown = undefined;
  const { code } = await bench.send('/', 'se.recompile.Mandos.RemoveClient', 'objpath:/clients/a');
  assert.equal(code, 0);
  assert.equal(bench.server.find('/clients/a'), undefined);
  assert.deepEqual(bench.asked.pop(), { operation: 'machines.remove', input: { name } });
});

test('what a change made of a machine is shown before the change is answered', async () => {
  await using bench = await ServerBench.start();
  await bench.server.list([machineView('a')]);
  bench.shown = { state: 'disabled' };
  await bench.set('/clients/a', 'Enabled', 'boolean:false');
  const enabled = await bench.send('/clients/a', `${PROPERTIES}.Get`, `string:${CLIENT}`, 'string:Enabled');
  assert.match(enabled.output, /boolean false/);
});

test('a wrong question changes nothing, and the error says what is wrong', async () => {
  await using bench = await ServerBench.start();
  await bench.server.list([machineView('a')]);
  const send = bench.send.bind(bench);
  const wrong: readonly (readonly [Promise<Ended>, RegExp])[] = [
    [bench.set('/clients/a', 'Timeout', 'int32:-1'), /InvalidArgs/],
    [bench.set('/clients/a', 'Timeout', 'uint64:9007199254740993'), /InvalidArgs/],
    [bench.set('/clients/a', 'Timeout', 'string:5'), /InvalidArgs/],
    [bench.set('/clients/a', 'Enabled', 'string:true'), /InvalidArgs/],
    [bench.set('/clients/a', 'Host', 'int32:5'), /InvalidArgs/],
    [bench.set('/clients/a', 'Secret', 'string:text'), /InvalidArgs/],
    [bench.set('/clients/a', 'Name', 'string:b'), /PropertyReadOnly/],
    [bench.set('/clients/a', 'Nonsense', 'string:b'), /UnknownProperty/],
    [bench.set('/clients/b', 'Host', 'string:b'), /UnknownObject/],
    [send('/clients/a', `${PROPERTIES}.Set`, 'string:a.b', 'string:Host', 'variant:string:b'), /UnknownInterface/],
    [send('/clients/a', `${CLIENT}.Approve`), /InvalidArgs/],
    [send('/clients/a', `${CLIENT}.Approve`, 'string:yes'), /InvalidArgs/],
    [send('/clients/a', `${CLIENT}.toString`), /UnknownMethod/],
    [send('/', 'se.recompile.Mandos.RemoveClient', 'objpath:/clients/b'), /UnknownObject/],
  ];
  for (const [ended, expected] of wrong) {
    const { code, output } = await ended;
    assert.equal(code, 1);
    assert.match(output, expected);
  }
  assert.deepEqual(bench.asked, []);
});

test('a refusal of the keep is an error with what to do about it', async () => {
  await using bench = await ServerBench.start();
  await bench.server.list([machineView('a')]);
  bench.refusal = refuse('needs-signatures');
  const approved = await bench.send('/clients/a', `${CLIENT}.Approve`, 'boolean:true');
  assert.match(approved.output, /AccessDenied: Named people have to sign/);
});

test('calls that no honest program makes are answered with an error, and everybody else is served on', async () => {
  await using bench = await ServerBench.start();
  await bench.server.list([machineView('a')]);
  const head = { kind: 'call', isReplyExpected: true, destination: 'se.recompile.Mandos', path: '/clients/a' } as const;
  const set = encodeMessage({ ...head, serial: 2, interface: PROPERTIES, member: 'Set', signature: 'ssv' }, [
    CLIENT,
    'Timeout',
    variant('u', 5),
  ]);
  const approve = encodeMessage({ ...head, serial: 3, interface: CLIENT, member: 'Approve', signature: 'u' }, [1]);
  // File descriptors where a number and a boolean belong.
  set[set.lastIndexOf(Buffer.from([1, 0x75, 0])) + 1] = 0x68;
  approve[approve.indexOf(Buffer.from([1, 0x75, 0])) + 1] = 0x68;
  const errors = await new Promise<string>((resolve) => {
    const socket = connect(bench.bus.path);
    let heard = '';
    void authenticate(socket, process.geteuid?.() ?? 0, 10_000).then(() => {
      socket.on('data', (part) => {
        heard += part.toString('latin1');
        if (heard.split('InvalidArgs').length > 2) resolve(heard);
      });
      const bus = {
        destination: 'org.freedesktop.DBus',
        path: '/org/freedesktop/DBus',
        interface: 'org.freedesktop.DBus',
      };
      const hello = encodeMessage({ ...head, ...bus, serial: 1, member: 'Hello', signature: '' }, []);
      socket.resume().write(Buffer.concat([hello, set, approve]));
    });
  });
  assert.match(errors, /The value must be a whole number/);
  assert.match(errors, /The arguments must be of the types "b"/);
  assert.equal((await bench.send('/', 'se.recompile.Mandos.GetAllClients')).code, 0);
  assert.deepEqual(bench.asked, []);
});

test('who may not change something is refused before anything is asked, and may still look', async () => {
  await using bench = await ServerBench.start();
  await bench.server.list([machineView('a')]);
  bench.mayChange = false;
  assert.match((await bench.set('/clients/a', 'Enabled', 'boolean:false')).output, /AccessDenied/);
  assert.match((await bench.send('/clients/a', `${CLIENT}.Approve`, 'boolean:true')).output, /AccessDenied/);
  assert.match(
    (await bench.send('/', 'se.recompile.Mandos.RemoveClient', 'objpath:/clients/a')).output,
    /AccessDenied/,
  );
  assert.equal((await bench.send('/', 'se.recompile.Mandos.GetAllClients')).code, 0);
  assert.deepEqual(bench.asked, []);
});

test('everything that happens to a machine is told', async () => {
  await using bench = await ServerBench.start();
  await using monitor = await BusMonitor.start(bench.bus.address);
  await bench.server.list([machineView('a-b')]);
  await monitor.heard(/member=InterfacesAdded\s+object path "\/clients\/a_b"/);
  await monitor.heard(/member=ClientAdded/);
  const path = 'path=/clients/a_b; interface=se.recompile.Mandos.Client; member=';
  const name = 'a-b';
  const address = '192.0.2.1';
  await bench.server.take({ kind: 'check-started', name, command: 'true' });
  await monitor.heard(/"CheckerRunning"\s+variant\s+boolean true/);
  await monitor.heard(new RegExp(`${path}CheckerStarted\\s+string "true"`));
  await bench.server.take({ kind: 'check-completed', name, status: -1, waitStatus: 15, command: 'true' });
  await monitor.heard(/"CheckerRunning"\s+variant\s+boolean false/);
  await monitor.heard(/"LastCheckerStatus"\s+variant\s+int16 -1/);
  await monitor.heard(new RegExp(`${path}CheckerCompleted\\s+int16 -1\\s+int64 15\\s+string "true"`));
  await bench.server.take({ kind: 'waiting', name, requestId: '', address, delayMs: 30_000, releasedAtEnd: false });
  await monitor.heard(new RegExp(`${path}NeedApproval\\s+uint64 30000\\s+boolean false`));
  await bench.server.take({ kind: 'refused', name, code: 'not-approved', address });
  await monitor.heard(new RegExp(`${path}Rejected\\s+string "Denied"`));
  await bench.server.take({ kind: 'released', name, address });
  await monitor.heard(new RegExp(`${path}GotSecret`));
  await bench.server.take({ kind: 'unknown-key', keyId: 'ab', address: '::ffff:192.0.2.1' });
  await monitor.heard(/member=ClientNotFound\s+string "AB"\s+string "::ffff:192.0.2.1"/);
  await bench.server.take({ kind: 'removed', name });
  await monitor.heard(/member=InterfacesRemoved\s+object path "\/clients\/a_b"\s+array \[[^\]]*Mandos\.Client"/);
  await monitor.heard(/member=ClientRemoved\s+object path "\/clients\/a_b"\s+string "a-b"/);
});

test('a change is told for each property that changed, with its new value, and for a secret without it', async () => {
  await using bench = await ServerBench.start();
  const before = machineView('a');
  await bench.server.list([before]);
  await using monitor = await BusMonitor.start(bench.bus.address);
  await bench.server.take({ kind: 'changed', machine: { ...before, state: 'disabled', secretSetAtUnixMs: 1 } });
  await monitor.heard(/member=PropertyChanged\s+string "Enabled"\s+variant\s+boolean false/);
  await monitor.heard(
    /member=PropertiesChanged\s+string "se\.recompile\.Mandos\.Client"[\s\S]*?"Enabled"[\s\S]*?boolean false[\s\S]*?array \[\s+\]/,
  );
  await monitor.heard(/member=PropertiesChanged[\s\S]*?"Expires"\s+variant\s+string ""/);
  await monitor.heard(
    /member=PropertiesChanged\s+string "se\.recompile\.Mandos\.Client"\s+array \[\s+\]\s+array \[\s+string "Secret"/,
  );
  // Nothing else changed: the next thing told is the next thing that happened.
  await bench.server.take({ kind: 'changed', machine: { ...before, state: 'disabled', secretSetAtUnixMs: 1 } });
  await bench.server.take({ kind: 'released', name: 'a', address: '192.0.2.1' });
  assert.doesNotMatch(await monitor.heard(/^[\s\S]*GotSecret/), /Propert/);
});

test('while the keep does not answer, the name is gone, as when no server runs', async () => {
  await using bench = await ServerBench.start();
  await bench.server.list([machineView('a')]);
  await bench.server.hide('unavailable');
  assert.match((await bench.send('/', 'se.recompile.Mandos.GetAllClients')).output, /ServiceUnknown/);
  await bench.server.list([machineView('b')]);
  assert.match((await bench.send('/', 'se.recompile.Mandos.GetAllClients')).output, /"\/clients\/b"/);
});

test('a name that another server has is not taken, and the error says so', async () => {
  await using bench = await ServerBench.start();
  const other = await BusConnection.open([bench.bus.path], { call: () => undefined, lost: () => undefined });
  await other.askBus('RequestName', 'su', ['se.recompile.Mandos', 4]);
  await assert.rejects(bench.server.list([]), (error: unknown) => {
    assert.ok(error instanceof BusError);
    assert.match(error.message, /taken/);
    return true;
  });
  await other.close();
});

test('more machines than fit into one message are an error for whoever lists, and nothing else breaks', async () => {
  await using bench = await ServerBench.start();
  const checker = 'x'.repeat(60_000);
  const views = Array.from({ length: 600 }, (_, index) => {
    const view = machineView(`m${index}`);
    return { ...view, settings: { ...view.settings, checker } };
  });
  await bench.server.list(views);
  assert.match(
    (await bench.send('/', 'org.freedesktop.DBus.ObjectManager.GetManagedObjects')).output,
    /LimitsExceeded/,
  );
  const one = await bench.send('/clients/m5', `${PROPERTIES}.Get`, `string:${CLIENT}`, 'string:Name');
  assert.match(one.output, /"m5"/);
});
