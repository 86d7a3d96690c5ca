// How a value leaves: decided, on record, and rendered if its format has parts.

import type { Refused } from '@chatelaine/contract';
import type { Call, ReleaseOutcome } from '../../kernel/module.ts';
import { type Condition, type Decision, type Fact, proved } from '../../kernel/release/decision.ts';
import { isOver, isShownOnce, type KeyRecord, storedValue } from './key-record.ts';
import type { PasswordsContext } from './passwords-context.ts';

/** What a decision is about; without a record, nothing is stored yet. */
export interface Wanted {
  readonly record: KeyRecord | undefined;
  readonly format: string;
}

/** Time that counts cannot be told by a clock that is behind. */
export const clockIsRight: Condition<Wanted> = {
  name: 'clock',
  evaluate: ({ record }, { clockBehindMs }) =>
    record?.expiry?.atUnixMs !== undefined && clockBehindMs > 0
      ? {
          outcome: 'unmet',
          code: 'clock-behind',
          facts: [proved('clock-behind-ms', clockBehindMs)],
        }
      : { outcome: 'met', facts: [] },
};

export const isNotExpired: Condition<Wanted> = {
  name: 'expiry',
  evaluate: ({ record }, { nowUnixMs }) => {
    if (record?.expiry?.atUnixMs === undefined) return { outcome: 'met', facts: [] };
    const facts = [proved('expires', new Date(record.expiry.atUnixMs).toISOString())];
    return isOver(record, nowUnixMs) ? { outcome: 'unmet', code: 'not-found', facts } : { outcome: 'met', facts };
  },
};

/** Whoever may see it once does not get it otherwise. */
export const isNotShownOnce: Condition<Wanted> = {
  name: 'shown-once',
  evaluate: ({ record, format }) =>
    format.toLowerCase() === 'plain' && isShownOnce(record) && storedValue(record, 'plain') !== undefined
      ? {
          outcome: 'unmet',
          code: 'shown-once',
          facts: [proved('shown-once', true)],
        }
      : { outcome: 'met', facts: [] },
};

/** A refusal that is no decision about what is stored: it is only counted. */
export const refused = ({ code, field, message }: Refused): { readonly decision: Decision } => {
  const detail = {
    ...(field !== undefined && { field }),
    ...(message !== undefined && { message }),
  };
  return {
    decision: {
      verdict: 'refuse',
      code,
      condition: 'request',
      facts: [],
      detail,
    },
  };
};

/** What is decided about a key is on record; nobody asks why the last one came out as it did. */
export const aboutKey = (key: string): { readonly subject: string; readonly isRemembered: false } => ({
  subject: key,
  isRemembered: false,
});

/** A refusal about a key. */
export const decided = (key: string, decision: Decision) => ({ ...aboutKey(key), decision });

export const factsOf = (
  { input }: Call<{ readonly format: string; readonly render?: string | undefined }>,
  more: readonly Fact[] = [],
): readonly Fact[] => [
  proved('format', input.format),
  ...(input.render === undefined ? [] : [proved('part', input.render)]),
  ...more,
];

type HandOut = Omit<ReleaseOutcome<{ readonly value: Uint8Array }>, 'output' | 'inOwnWords'> & {
  readonly output?: { readonly value: Uint8Array };
};

/** Hands a value out, or a part of it. `wipe`: it is a copy and nobody else's. */
export const handOut = async (
  context: PasswordsContext,
  call: Call<{
    readonly key: string;
    readonly format: string;
    readonly render?: string | undefined;
  }>,
  value: Uint8Array,
  { wipe, facts }: { readonly wipe: boolean; readonly facts: readonly Fact[] },
): Promise<HandOut> => {
  const { key, format: name, render } = call.input;
  const released: Decision = { verdict: 'release', facts };
  const format = (await context.formats()).get(name.toLowerCase());
  if (format === undefined || (format.renderings.length === 0 && render === undefined)) {
    return {
      ...aboutKey(key),
      decision: released,
      output: { value },
      ...(wipe && { wipe: [value] }),
    };
  }
  const rendered = format.render(value, render);
  if (wipe) value.fill(0);
  if (rendered.kind === 'refused') {
    const isFlag = rendered.code === 'invalid-option';
    const message = isFlag ? 'is no part of this format' : 'is not stored as a value of this format';
    return refused({
      kind: 'refused',
      code: 'invalid-input',
      field: isFlag ? 'render' : 'format',
      message,
    });
  }
  return {
    ...aboutKey(key),
    decision: released,
    output: { value: rendered.text },
    wipe: [rendered.text],
  };
};
