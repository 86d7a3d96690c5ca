// Recovery codes as an administrator keeps them: made all at once, shown once, and never one beside those of before.

import { ok, recovery, refuse } from '@chatelaine/contract';
import { answer, type BoundOperation, type ModuleServices } from '../../kernel/module.ts';
import { digestOf, makeCode } from './recovery-code.ts';
import { deleteRecovery, putRecovery, recoveryOfPresentUser } from './recovery-record.ts';

const SALT_BYTES = 16;

export const changeRecovery = (services: ModuleServices): readonly BoundOperation[] => [
  answer(recovery.make, async ({ input: { user }, moment, whenOver }, tx) => {
    const present = await recoveryOfPresentUser(services, tx, user);
    if (present.kind === 'refused') return present;
    const salt = services.random(SALT_BYTES);
    const codes = Array.from({ length: recovery.CODES }, () => makeCode(services.random));
    whenOver(() => {
      for (const code of codes) code.fill(0);
    });
    putRecovery(tx, user, {
      ...{ format: 1, since: present.value.person.since, salt },
      codes: codes.map((code) => ({ digest: digestOf(code, salt), state: 'unused' as const })),
      ...{ createdAtUnixMs: moment.nowUnixMs, epoch: services.epoch.number },
    });
    return ok({ codes });
  }),

  answer(recovery.status, async ({ input: { user } }, tx) => {
    const present = await recoveryOfPresentUser(services, tx, user);
    if (present.kind === 'refused') return present;
    const { record } = present.value;
    if (record === undefined) return ok({ state: 'none' as const, left: 0 });
    const counts = record.epoch === services.epoch.number;
    const { codes, createdAtUnixMs, lastUsedAtUnixMs } = record;
    return ok({
      state: counts ? ('active' as const) : ('void' as const),
      left: counts ? codes.filter(({ state }) => state === 'unused').length : 0,
      createdAtUnixMs,
      ...(lastUsedAtUnixMs !== undefined && { lastUsedAtUnixMs }),
    });
  }),

  answer(recovery.remove, async ({ input: { user } }, tx) => {
    const present = await recoveryOfPresentUser(services, tx, user);
    if (present.kind === 'refused' || present.value.record === undefined) return refuse('not-found');
    deleteRecovery(tx, user);
    return ok({});
  }),
];
