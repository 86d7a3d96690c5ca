import assert from 'node:assert/strict';
import test from 'node:test';
import type { machines } from '@chatelaine/contract';
import fc from 'fast-check';
import { newSettingsOf } from '../machine/settings-options.ts';
import { readClients } from './clients.ts';
import { type MachineWithSecret, writeClients } from './write-clients.ts';

const NOW = 1_800_000_000_000;

const machine = (
  name: string,
  more: Partial<machines.MachineView> = {},
  settings: Partial<machines.MachineSettings> = {},
): MachineWithSecret => ({
  secret: Buffer.from(`secret of ${name}`),
  view: {
    name,
    keyId: Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64),
    enabled: true,
    state: 'enabled',
    createdAtUnixMs: NOW,
    secretSetAtUnixMs: NOW,
    secretSizeBytes: 5,
    expiresAtUnixMs: NOW + 300_000,
    lastCheckerStatus: 0,
    checkerRunning: false,
    pendingRequests: 0,
    settings: { ...newSettingsOf(name), compat: 'mandos', ...settings },
    ...more,
  },
});

const readAgain = (text: string) => {
  const { machines: read, problems } = readClients(Buffer.from(text), () => new Uint8Array());
  assert.deepEqual(problems, []);
  return read.map((entry) => entry.machine);
};

test('what is written reads back as the same machines', () => {
  const text = fc.string({ unit: 'binary', maxLength: 30 });
  const ms = fc.integer({ min: 0, max: 10 ** 9 }).map((seconds) => seconds * 1_000);
  const settings = fc.record(
    {
      host: text,
      checker: text,
      timeoutMs: ms,
      extendedTimeoutMs: ms,
      intervalMs: ms,
      approvalDelayMs: ms,
      approvalDurationMs: ms,
      approvedByDefault: fc.boolean(),
    },
    { noNullPrototype: true },
  );
  const secret = fc.uint8Array({ maxLength: 200 });
  fc.assert(
    fc.property(text, settings, secret, fc.boolean(), (name, some, bytes, enabled) => {
      const given = machine(name, { enabled, state: enabled ? 'enabled' : 'disabled' }, some);
      const { text: written, losses } = writeClients([
        machine('before'),
        { ...given, secret: bytes },
        machine('after'),
      ]);
      const read = readAgain(written);
      if (losses.length > 0) {
        assert.match(losses[0]?.message ?? '', /is left out$/);
        assert.equal(read.length, 2);
        return;
      }
      const { keyId, settings: whole } = given.view;
      assert.deepEqual(
        { ...read[1], secret: Buffer.from(read[1]?.secret ?? []) },
        { name, ...(keyId !== undefined && { keyId }), enabled, settings: whole, secret: Buffer.from(bytes) },
      );
    }),
  );
});

test('a checker of several lines, and per cent signs, stay', () => {
  const checker = 'test 100% = "%(host)s" ||\nexit 1';
  const [read] = readAgain(writeClients([machine('web1', {}, { checker })]).text);
  assert.equal(read?.settings.checker, checker);
});

test('a machine that Mandos would serve without a condition it has here is written as disabled', () => {
  const approval = { required: 1, approvers: ['anna'] };
  const window = { zone: 'UTC', hours: [{ days: ['mon' as const], from: '08:00', until: '09:00' }] };
  const { text, losses } = writeClients([
    machine('a', {}, { approval }),
    machine('b', {}, { window }),
    machine('c', { state: 'expired' }),
    machine('d', { state: 'disabled', enabled: false }),
    machine('e'),
  ]);
  assert.deepEqual(
    readAgain(text).map(({ enabled }) => enabled),
    [false, false, false, false, true],
  );
  assert.deepEqual(
    losses.map(({ name }) => name),
    ['a', 'b', 'c'],
  );
});

test('what Mandos has no word for is told', () => {
  const { compat: _, ...strict } = machine('a').view.settings;
  const view = { ...machine('a').view, settings: { ...strict, checker: '@heartbeat', approvalDurationMs: 1_500 } };
  const { losses } = writeClients([{ view, secret: Buffer.from('x') }]);
  assert.deepEqual(
    losses.map(({ message }) => message.split(',')[0]),
    ["comes under Mandos's looser rules of liveness", 'has a built-in checker', 'has 1s 500ms'],
  );
});
