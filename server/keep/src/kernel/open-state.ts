// What the keep has only while it is open. Everything that needs a key is reached through this one value, so that a sealed
// keep cannot touch it by mistake.

import type { Metrics } from '@chatelaine/process';
import type { Vault } from '@chatelaine/vault';
import type { ClockGuard } from './clock-guard.ts';
import type { LoadedModules } from './module-loader.ts';
import type { Grant } from './policy.ts';
import type { Recorder } from './recorder.ts';
import type { WaitingRoom } from './waiting-room.ts';

export interface OpenState {
  readonly vault: Vault;
  readonly modules: LoadedModules;
  readonly grants: readonly Grant[];
  readonly recorder: Recorder;
  readonly waiting: WaitingRoom;
  readonly clockGuard: ClockGuard;
  readonly metrics: Metrics;
}
