// An earlier version takes the place of the present one, which becomes a version itself: a roll-back can be rolled back.

import { ok, passwords, refuse } from '@chatelaine/contract';
import { answer, type BoundOperation } from '../../kernel/module.ts';
import { proved } from '../../kernel/release/decision.ts';
import { readSettings } from './keep-settings.ts';
import { epochField, isOver, live, putKey, readKey } from './key-record.ts';
import type { PasswordsContext } from './passwords-context.ts';
import { keepVersion, readVersions } from './versions.ts';

export const rollBack = (context: PasswordsContext): BoundOperation =>
  answer(passwords.rollBack, async (call, tx) => {
    const { key, version: number } = call.input;
    const { nowUnixMs, clockBehindMs } = call.moment;
    if (!(await context.takeKey(call, key))) return refuse('busy');
    if (clockBehindMs > 0) return refuse('clock-behind');
    const version = (await readVersions(tx, key, nowUnixMs)).find((each) => each.number === number);
    if (version === undefined || isOver(version, nowUnixMs)) return refuse('not-found');
    const before = live(await readKey(tx, key), nowUnixMs);
    const { graceSeconds } = await readSettings(tx);
    await keepVersion(tx, key, before, {
      nowUnixMs,
      graceSeconds,
      taken: number,
    });
    const { values, expiry } = version;
    putKey(tx, key, {
      format: 1,
      values,
      createdAtUnixMs: before?.createdAtUnixMs ?? nowUnixMs,
      changedAtUnixMs: nowUnixMs,
      ...(expiry !== undefined && { expiry }),
      hashOnly: before?.hashOnly ?? false,
      ...epochField(context.epoch),
      ...(before?.shown !== undefined && { shown: before.shown }),
    });
    const formats = values.map(({ name }) => name);
    call.note(proved('version', number));
    call.note(proved('formats', formats.join(' ')));
    context.tell(call, 'set', key);
    return ok({ formats });
  });
