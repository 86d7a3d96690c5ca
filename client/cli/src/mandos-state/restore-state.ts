// What a Mandos server makes of its saved state and clients.conf when it starts: a setting that was changed in the file since
// wins, else the one that was changed at run time; a machine that was removed at run time stays away; one that was disabled
// stays disabled. mandos(8), "PERSISTENT STATE"

import type { machines } from '@chatelaine/contract';
import { openSavedSecret } from './open-secret.ts';
import type { MandosSettings, MandosState, SavedClient } from './read-state.ts';

/** A machine of clients.conf with what was saved about it. */
export interface Restored {
  readonly machine: machines.NewMachine;
  /** What is different from clients.conf, in the words of clients.conf. */
  readonly changed: readonly string[];
}

type Machine = machines.NewMachine;

/** The settings of a machine under the names of clients.conf. */
export const settingsIn = ({ keyId, fingerprint, enabled, settings }: Machine): MandosSettings => ({
  host: settings.host,
  checker_command: settings.checker,
  key_id: keyId?.toUpperCase() ?? '',
  fingerprint: fingerprint ?? '',
  enabled,
  timeout: settings.timeoutMs,
  extended_timeout: settings.extendedTimeoutMs,
  interval: settings.intervalMs,
  approval_delay: settings.approvalDelayMs,
  approval_duration: settings.approvalDurationMs,
  approved_by_default: settings.approvedByDefault,
});

/** What was enabled when it was saved, and had time left or was fine then. */
const isStillEnabled = (saved: SavedClient, enabled: boolean, nowUnixMs: number): boolean => {
  if (!enabled || saved.expires === undefined || nowUnixMs < saved.expires) return enabled;
  return saved.last_checked_ok !== undefined && saved.last_checker_status === 0;
};

const withSettings = (machine: Machine, settings: MandosSettings): Machine => {
  const { keyId: _, fingerprint: __, ...rest } = machine;
  return {
    ...rest,
    ...(settings.key_id !== '' && { keyId: settings.key_id.toLowerCase() }),
    ...(settings.fingerprint !== '' && { fingerprint: settings.fingerprint.toUpperCase() }),
    enabled: settings.enabled,
    settings: {
      ...machine.settings,
      host: settings.host,
      checker: settings.checker_command,
      timeoutMs: settings.timeout,
      extendedTimeoutMs: settings.extended_timeout,
      intervalMs: settings.interval,
      approvalDelayMs: settings.approval_delay,
      approvalDurationMs: settings.approval_duration,
      approvedByDefault: settings.approved_by_default,
    },
  };
};

const settingNames = (settings: MandosSettings): readonly (keyof MandosSettings)[] =>
  Object.keys(settings) as (keyof MandosSettings)[];

/** Restores one machine; `undefined` if it was removed at run time. */
export const restoreMachine = async (
  machine: Machine,
  { clients, configured }: MandosState,
  nowUnixMs: number,
): Promise<Restored | undefined> => {
  const before = configured.get(machine.name);
  const saved = clients.get(machine.name);
  if (before === undefined) return { machine, changed: [] };
  if (saved === undefined) return undefined;
  const inFile = settingsIn(machine);
  const merged = { ...inFile };
  for (const name of settingNames(inFile)) {
    if (inFile[name] === before[name]) Object.assign(merged, { [name]: saved[name] });
  }
  merged.enabled = isStillEnabled(saved, merged.enabled, nowUnixMs);
  const secret = (await openSavedSecret(saved.encrypted_secret, machine.secret)) ?? machine.secret;
  const changed: string[] = settingNames(inFile)
    .filter((name) => merged[name] !== inFile[name])
    .map((name) => (name === 'checker_command' ? 'checker' : name));
  if (!Buffer.from(secret).equals(machine.secret)) changed.push('secret');
  return { machine: { ...withSettings(machine, merged), secret }, changed };
};
