// Settings of a machine as options of a command: the names and defaults of clients.conf, the durations in both its forms.

import type { machines } from '@chatelaine/contract';
import { clientDefaults } from '../clients-conf/clients.ts';
import { parseDuration } from '../clients-conf/duration.ts';
import { interpolate } from '../clients-conf/interpolate.ts';
import { Failure } from '../failure.ts';

/** What may be said at enrolment; everything has a default. */
export interface SettingsOptions {
  readonly host?: string;
  readonly checker?: string;
  readonly timeout?: string;
  readonly extendedTimeout?: string;
  readonly interval?: string;
  readonly approvalDelay?: string;
  readonly approvalDuration?: string;
  /** `--no-approved-by-default` makes it false. */
  readonly approvedByDefault?: boolean;
}

const duration = (text: string | undefined, option: string): number => {
  const ms = parseDuration(text ?? clientDefaults[option] ?? '');
  if (ms === undefined) {
    const name = option.replaceAll('_', '-');
    throw new Failure('usage', `--${name} is not a duration.`, 'Write it like PT5M, P1DT12H or "5m 30s".');
  }
  return ms;
};

const defaultChecker = (): string => {
  const checker = interpolate(clientDefaults['checker'] ?? '', () => undefined);
  return checker.kind === 'text' ? checker.text : '';
};

/** The settings of a new machine; its host is its name unless another is given. */
export const settingsOf = (name: string, options: SettingsOptions): machines.MachineSettings => ({
  host: options.host ?? name,
  checker: options.checker ?? defaultChecker(),
  timeoutMs: duration(options.timeout, 'timeout'),
  extendedTimeoutMs: duration(options.extendedTimeout, 'extended_timeout'),
  intervalMs: duration(options.interval, 'interval'),
  approvalDelayMs: duration(options.approvalDelay, 'approval_delay'),
  approvalDurationMs: duration(options.approvalDuration, 'approval_duration'),
  approvedByDefault: options.approvedByDefault ?? true,
});
