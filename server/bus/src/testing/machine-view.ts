// A machine as the keep tells it, for tests.

import type { machines } from '@chatelaine/contract';

/** One that is enabled and was never looked at, made in 2020. */
export const machineView = (name: string, other: Partial<machines.MachineView> = {}): machines.MachineView => ({
  name,
  keyId: '12'.repeat(32),
  enabled: true,
  state: 'enabled',
  createdAtUnixMs: Date.UTC(2020, 0, 1),
  enabledAtUnixMs: Date.UTC(2020, 0, 1),
  secretSetAtUnixMs: Date.UTC(2020, 0, 1),
  secretSizeBytes: 900,
  expiresAtUnixMs: Date.UTC(2020, 0, 1, 0, 5),
  lastCheckerStatus: -2,
  checkerRunning: false,
  pendingRequests: 0,
  settings: {
    host: 'host.example',
    checker: 'fping -q -- %(host)s',
    timeoutMs: 300_000,
    extendedTimeoutMs: 900_000,
    intervalMs: 120_000,
    approvalDelayMs: 0,
    approvalDurationMs: 1_000,
    approvedByDefault: true,
  },
  ...other,
});
