// Settings of a machine as options of a command, the same for one that is enrolled and one that is changed. Names and
// defaults are those of clients.conf; durations may be written as Mandos does and as people do.

import { machines } from '@chatelaine/contract';
import { clientDefaults } from '../clients-conf/client-defaults.ts';
import { parseDuration } from '../clients-conf/duration.ts';
import { interpolate } from '../clients-conf/interpolate.ts';
import { Failure } from '../failure.ts';
import { parseDurationOption } from './duration-option.ts';
import { readHeartbeatKey } from './heartbeat-key.ts';
import { parseTimeWindow } from './time-window.ts';

/** What may be said; everything else stays, or has its default. `false` takes an optional setting away. */
export interface SettingsOptions {
  readonly host?: string;
  readonly checker?: string;
  readonly timeout?: string;
  readonly extendedTimeout?: string;
  readonly interval?: string;
  readonly approvalDelay?: string;
  readonly approvalDuration?: string;
  readonly approveByDefault?: boolean;
  readonly denyByDefault?: boolean;
  readonly approvers?: string | false;
  readonly require?: number;
  readonly codeOf?: string | false;
  readonly window?: string | false;
  readonly heartbeatKey?: string | false;
  readonly type?: string | false;
}

type Patch = Partial<Omit<machines.MachineSettings, 'compat'>>;
type Clearable = (typeof machines.clearableSettings)[number];

const durations = {
  timeoutMs: ['timeout', 'timeout'],
  extendedTimeoutMs: ['extendedTimeout', 'extended_timeout'],
  intervalMs: ['interval', 'interval'],
  approvalDelayMs: ['approvalDelay', 'approval_delay'],
  approvalDurationMs: ['approvalDuration', 'approval_duration'],
} as const;

type DurationSetting = keyof typeof durations;
const durationSettings = Object.keys(durations) as DurationSetting[];

const durationsIn = (options: SettingsOptions): Pick<Patch, DurationSetting> => {
  const given: Partial<Record<DurationSetting, number>> = {};
  for (const setting of durationSettings) {
    const [option, name] = durations[setting];
    const text = options[option];
    if (text !== undefined) given[setting] = parseDurationOption(text, `--${name.replaceAll('_', '-')}`);
  }
  return given;
};

const approvalIn = ({ approvers, require }: SettingsOptions): machines.ApprovalRule | undefined => {
  if (typeof approvers !== 'string') {
    if (require !== undefined) throw new Failure('usage', '--require says how many of --approvers; name them.');
    return undefined;
  }
  const names = approvers.split(',').map((name) => name.trim());
  // All of them unless it is said, because forgetting to say it must not make it easier.
  const checked = machines.approvalRuleSchema.safeParse({ required: require ?? names.length, approvers: names });
  if (checked.success) return checked.data;
  throw new Failure('usage', `--approvers: ${checked.error.issues[0]?.message}.`, 'Write them like anna,ben,cara.');
};

const GROUP = 'group:';

const codeRuleIn = ({ codeOf }: SettingsOptions): machines.CodeRule | undefined => {
  if (typeof codeOf !== 'string') return undefined;
  const names = codeOf.split(',').map((name) => name.trim());
  const users = names.filter((name) => !name.startsWith(GROUP));
  const groups = names.filter((name) => name.startsWith(GROUP)).map((name) => name.slice(GROUP.length));
  const checked = machines.codeRuleSchema.safeParse({ users, groups });
  if (checked.success) return checked.data;
  throw new Failure('usage', `--code-of: ${checked.error.issues[0]?.message}.`, 'Write them like anna,group:ops.');
};

const approvedByDefaultIn = ({ approveByDefault, denyByDefault }: SettingsOptions): boolean | undefined => {
  if (approveByDefault === true && denyByDefault === true) {
    throw new Failure('usage', '--approve-by-default and --deny-by-default exclude each other.');
  }
  return approveByDefault === true ? true : denyByDefault === true ? false : undefined;
};

const typeIn = ({ type }: SettingsOptions): string | undefined => {
  if (typeof type !== 'string') return undefined;
  const checked = machines.machineTypeSchema.safeParse(type);
  if (checked.success) return checked.data;
  throw new Failure('usage', `--type: ${checked.error.issues[0]?.message}.`);
};

/** The settings that are said, and those that are taken away, but for the type. Reads the file of a heartbeat key. */
export const patchOf = async (options: SettingsOptions): Promise<{ settings: Patch; clear: readonly Clearable[] }> => {
  const { host, checker, window, heartbeatKey } = options;
  const approval = approvalIn(options);
  const oneTimeCode = codeRuleIn(options);
  const type = typeIn(options);
  const approvedByDefault = approvedByDefaultIn(options);
  const settings: Patch = {
    ...durationsIn(options),
    ...(host !== undefined && { host }),
    ...(checker !== undefined && { checker }),
    ...(approvedByDefault !== undefined && { approvedByDefault }),
    ...(approval !== undefined && { approval }),
    ...(oneTimeCode !== undefined && { oneTimeCode }),
    ...(type !== undefined && { type }),
    ...(typeof window === 'string' && { window: parseTimeWindow(window) }),
    ...(typeof heartbeatKey === 'string' && { heartbeatKey: await readHeartbeatKey(heartbeatKey) }),
  };
  const clear: Clearable[] = [];
  if (options.approvers === false) clear.push('approval');
  if (options.codeOf === false) clear.push('oneTimeCode');
  if (window === false) clear.push('window');
  if (heartbeatKey === false) clear.push('heartbeatKey');
  return { settings, clear };
};

const defaultChecker = (): string => {
  const checker = interpolate(clientDefaults['checker'] ?? '', () => undefined);
  return checker.kind === 'text' ? checker.text : '';
};

/** The settings of a new machine; its host is its name unless another is given. */
export const newSettingsOf = (name: string, patch: Patch = {}): machines.MachineSettings => {
  const ms = (setting: DurationSetting): number => parseDuration(clientDefaults[durations[setting][1]] ?? '') ?? 0;
  return {
    host: name,
    checker: defaultChecker(),
    timeoutMs: ms('timeoutMs'),
    extendedTimeoutMs: ms('extendedTimeoutMs'),
    intervalMs: ms('intervalMs'),
    approvalDelayMs: ms('approvalDelayMs'),
    approvalDurationMs: ms('approvalDurationMs'),
    approvedByDefault: true,
    ...patch,
  };
};
