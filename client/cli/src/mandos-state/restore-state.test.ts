import assert from 'node:assert/strict';
import test from 'node:test';
import type { machines } from '@chatelaine/contract';
import { newSettingsOf } from '../machine/settings-options.ts';
import type { MandosSettings, MandosState, SavedClient } from './read-state.ts';
import { restoreMachine } from './restore-state.ts';

const NOW = 1_800_000_000_000;

const machine: machines.NewMachine = {
  name: 'web1',
  keyId: 'ab'.repeat(32),
  secret: Buffer.from('configured'),
  enabled: true,
  settings: { ...newSettingsOf('web1'), compat: 'mandos' },
};

const configured: MandosSettings = {
  host: 'web1',
  checker_command: machine.settings.checker,
  key_id: 'AB'.repeat(32),
  fingerprint: '',
  enabled: true,
  timeout: 300_000,
  extended_timeout: 900_000,
  interval: 120_000,
  approval_delay: 0,
  approval_duration: 1_000,
  approved_by_default: true,
};

/** @param before what was configured when the server started; `null`: the machine was not there */
const restore = (saved: Partial<SavedClient> | undefined, before: Partial<MandosSettings> | null = {}) => {
  const client: SavedClient = {
    ...configured,
    encrypted_secret: new Uint8Array(),
    expires: NOW + 1,
    last_checked_ok: undefined,
    last_checker_status: -2,
    ...saved,
  };
  const state: MandosState = {
    clients: new Map(saved === undefined ? [] : [['web1', client]]),
    configured: new Map(before === null ? [] : [['web1', { ...configured, ...before }]]),
  };
  return restoreMachine(machine, state, NOW);
};

test('what was not changed is as it is configured', async () => {
  assert.deepEqual(await restore({}), { machine, changed: [] });
});

test('what was changed at run time is kept, unless it was changed in the file since', async () => {
  const kept = await restore({ host: 'run time', timeout: 1_000 });
  assert.deepEqual(kept?.changed, ['host', 'timeout']);
  assert.equal(kept?.machine.settings.timeoutMs, 1_000);
  const edited = await restore({ host: 'run time', timeout: 1_000 }, { host: 'before' });
  assert.equal(edited?.machine.settings.host, 'web1');
  assert.equal(edited?.machine.settings.timeoutMs, 1_000);
});

test('a machine that was removed at run time stays away; one that is new in the file comes', async () => {
  assert.equal(await restore(undefined), undefined);
  assert.deepEqual(await restore(undefined, null), { machine, changed: [] });
});

test('a machine that was disabled stays disabled, unless the file says otherwise since', async () => {
  assert.equal((await restore({ enabled: false }))?.machine.enabled, false);
  assert.equal((await restore({ enabled: false }, { enabled: false }))?.machine.enabled, true);
});

test('a machine whose time is out is disabled, unless it was fine when the server stopped', async () => {
  const enabled = async (saved: Partial<SavedClient>) => (await restore(saved))?.machine.enabled;
  assert.equal(await enabled({ expires: NOW }), false);
  assert.equal(await enabled({ expires: NOW, last_checked_ok: NOW - 9, last_checker_status: 1 }), false);
  assert.equal(await enabled({ expires: NOW, last_checked_ok: NOW - 9, last_checker_status: null }), false);
  assert.equal(await enabled({ expires: NOW, last_checked_ok: NOW - 9, last_checker_status: 0 }), true);
  assert.equal(await enabled({ expires: NOW + 1, last_checker_status: 1 }), true);
});
