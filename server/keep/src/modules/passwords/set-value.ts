// A password that somebody brings along takes the place of what there is, which can be rolled back to for a time.

import { ok, passwords, refuse } from '@chatelaine/contract';
import { answer, type BoundOperation } from '../../kernel/module.ts';
import { proved } from '../../kernel/release/decision.ts';
import { live, readKey } from './key-record.ts';
import type { PasswordsContext } from './passwords-context.ts';
import { refusalOf } from './refusal-of.ts';
import { keepVersion } from './versions.ts';
import { withWorkflow } from './workflow.ts';

export const setValue = (context: PasswordsContext): BoundOperation =>
  answer(passwords.set, async (call, tx) => {
    const { key, format, value, asIs = false, options = {} } = call.input;
    const { nowUnixMs, clockBehindMs } = call.moment;
    if (!(await context.takeKey(call, key))) return refuse('busy');
    const record = await readKey(tx, key);
    if (record?.expiry?.atUnixMs !== undefined && clockBehindMs > 0) return refuse('clock-behind');
    return await withWorkflow(context, call, tx, { options }, async ({ passwords: work, graceSeconds, changes }) => {
      const before = live(record, nowUnixMs);
      const stored = await work.set(key, format, value, { options, asIs });
      if (stored.kind === 'refused') return refusalOf(stored);
      if (stored.kind === 'value') stored.value.fill(0);
      await keepVersion(tx, key, before, { nowUnixMs, graceSeconds });
      call.note(proved('format', format));
      for (const change of changes) context.tell(call, 'set', change.key, change.format);
      return ok({});
    });
  });
