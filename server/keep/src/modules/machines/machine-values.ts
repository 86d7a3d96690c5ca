// The values that a checker's `%(name)s` stand for, as text. mandos-clients.conf(5), `checker`; the forms are those of
// Mandos: durations as H:MM:SS, moments without a zone, in UTC.

import type { MachineRecord, MachineState } from './machine-record.ts';

const two = (value: number): string => String(value).padStart(2, '0');

/** `0:05:00`; `1 day, 0:00:00`. */
const durationText = (ms: number): string => {
  const seconds = Math.floor(ms / 1_000);
  const days = Math.floor(seconds / 86_400);
  const time = `${Math.floor((seconds % 86_400) / 3_600)}:${two(Math.floor((seconds % 3_600) / 60))}:${two(seconds % 60)}`;
  return days === 0 ? time : `${days} ${days === 1 ? 'day' : 'days'}, ${time}`;
};

/** `2027-01-15 08:00:00.123000`; `None`. */
const momentText = (atUnixMs: number | undefined): string =>
  atUnixMs === undefined ? 'None' : `${new Date(atUnixMs).toISOString().replace('T', ' ').replace('Z', '')}000`;

type Value = (name: string, machine: MachineRecord, state: MachineState) => string;

const values: Readonly<Record<string, Value>> = {
  approval_delay: (_name, { settings }) => durationText(settings.approvalDelayMs),
  approval_duration: (_name, { settings }) => durationText(settings.approvalDurationMs),
  created: (_name, machine) => momentText(machine.createdAtUnixMs),
  enabled: (_name, machine) => (machine.enabled ? 'True' : 'False'),
  expires: (_name, _machine, state) => momentText(state.expiresAtUnixMs),
  key_id: (_name, machine) => (machine.keyId ?? '').toUpperCase(),
  fingerprint: (_name, machine) => machine.fingerprint ?? '',
  host: (_name, { settings }) => settings.host,
  interval: (_name, { settings }) => durationText(settings.intervalMs),
  last_approval_request: (_name, _machine, state) => momentText(state.lastApprovalRequestAtUnixMs),
  last_checked_ok: (_name, _machine, state) => momentText(state.lastCheckedOkAtUnixMs),
  last_enabled: (_name, machine) => momentText(machine.enabledAtUnixMs),
  name: (name) => name,
  timeout: (_name, { settings }) => durationText(settings.timeoutMs),
  dbus_object_path: (name) => `/clients/${name.replace(/[.-]/g, '_')}`,
};

/** Values that change without a person changing the machine. */
const changing = new Set(['expires', 'last_approval_request', 'last_checked_ok']);

const askedFor = (checker: string): readonly string[] => [
  ...new Set([...checker.matchAll(/%\(([^)]*)\)/g)].map(([, name]) => name ?? '')),
];

/** The values that this machine's checker asks for; a name that does not exist is left out. */
export const valuesOf = (name: string, machine: MachineRecord, state: MachineState): Record<string, string> =>
  Object.fromEntries(
    askedFor(machine.settings.checker).flatMap((key) => {
      const value = Object.hasOwn(values, key) ? values[key] : undefined;
      return value === undefined ? [] : [[key, value(name, machine, state)]];
    }),
  );

/** Whether a checker asks for a value that changes by itself. */
export const asksForChanging = (checker: string): boolean => askedFor(checker).some((key) => changing.has(key));
