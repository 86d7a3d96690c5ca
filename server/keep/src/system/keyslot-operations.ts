// Key slots: the ways to open the keep. A slot and its record in the audit are one transaction, made by the vault.

import { keyslots, type Operation, ok, type RefusalCode } from '@chatelaine/contract';
import type { Vault } from '@chatelaine/vault';
import { AUDIT_LANE, encodeAuditRecord } from '../kernel/audit-record.ts';
import { type BoundOperation, type Call, direct } from '../kernel/module.ts';
import type { Recorder } from '../kernel/recorder.ts';
import { type Fact, proved } from '../kernel/release/decision.ts';

/** Binds `keyslots.list`, `add` and `remove`. */
export const keyslotOperations = (vault: Vault, recorder: Recorder): readonly BoundOperation[] => {
  const recordOf = ({ principal }: Call<unknown>, { name }: Operation, fact: Fact) => ({
    lane: AUDIT_LANE,
    record: encodeAuditRecord(recorder.compose(principal, name, '', 'changed', { facts: [fact] })),
  });
  const recordRefusal = ({ principal }: Call<unknown>, { name }: Operation, code: RefusalCode) =>
    recorder.write([recorder.compose(principal, name, '', 'refused', { code })]);
  return [
    direct(keyslots.list, async () => ok({ slots: [...(await vault.slots())] })),
    direct(keyslots.add, async (call) => {
      const { kind, secret, label } = call.input;
      const record = recordOf(call, keyslots.add, proved('slot-label', label));
      const added = await vault.addSlot({ kind, secret }, label, call.moment.nowUnixMs, record);
      if (added.kind === 'ok') return ok({ slot: added.value });
      await recordRefusal(call, keyslots.add, added.code);
      return added;
    }),
    direct(keyslots.remove, async (call) => {
      const removed = await vault.removeSlot(
        call.input.id,
        recordOf(call, keyslots.remove, proved('slot', call.input.id)),
      );
      if (removed.kind === 'refused') await recordRefusal(call, keyslots.remove, removed.code);
      return removed;
    }),
  ];
};
