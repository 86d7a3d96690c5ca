// A machine for tests of what is shown.

import type { machines } from '@chatelaine/contract';
import { newSettingsOf } from '../../machine/settings-options.ts';

/** The moment that tests show. */
export const NOW = 1_800_000_000_000;

/** An enabled machine with all of its five minutes left, unless told otherwise. */
export const machineView = (name: string, more: Partial<machines.MachineView> = {}): machines.MachineView => ({
  name,
  keyId: Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64),
  enabled: more.state !== 'disabled',
  state: 'enabled',
  createdAtUnixMs: NOW,
  secretSetAtUnixMs: NOW,
  secretSizeBytes: 5,
  expiresAtUnixMs: NOW + 300_000,
  lastCheckerStatus: 0,
  checkerRunning: false,
  pendingRequests: 0,
  settings: newSettingsOf(name),
  ...more,
});
