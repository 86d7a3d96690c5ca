// Settings of a machine that nothing but a test's own will lets run out.

import type { machines } from '@chatelaine/contract';

export const machineSettings: machines.MachineSettings = {
  host: '',
  checker: '',
  timeoutMs: 86_400_000,
  extendedTimeoutMs: 86_400_000,
  intervalMs: 60_000,
  approvalDelayMs: 0,
  approvalDurationMs: 1_000,
  approvedByDefault: true,
};
