// Key slots: the ways to open the keep. A slot and its record in the audit are one transaction, made by the vault.

import { keyslots, type Operation, ok, type RefusalCode } from '@chatelaine/contract';
import { wipe } from '@chatelaine/secret';
import type { Vault } from '@chatelaine/vault';
import { AUDIT_LANE, encodeAuditRecord } from '../kernel/audit-record.ts';
import { type BoundOperation, type Call, direct } from '../kernel/module.ts';
import type { Recorder } from '../kernel/recorder.ts';
import { type Fact, proved } from '../kernel/release/decision.ts';
import { forgetPeer, makePeer, writePeer } from '../peers/peer-files.ts';

/** How long the texts of new shares stay readable for the answer. */
const SHARES_SENT_MS = 10_000;

/** Binds `keyslots.list`, `add`, `add-shares`, `add-peer` and `remove`. `directory` is the keep's own. */
export const keyslotOperations = (vault: Vault, recorder: Recorder, directory: string): readonly BoundOperation[] => {
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
    direct(keyslots.addShares, async (call) => {
      const { label, threshold, shares } = call.input;
      const record = recordOf(call, keyslots.addShares, proved('slot-label', label));
      const added = await vault.addSharesSlot({ threshold, shares }, label, call.moment.nowUnixMs, record);
      if (added.kind === 'refused') {
        await recordRefusal(call, keyslots.addShares, added.code);
        return added;
      }
      const { slot, texts } = added.value;
      // The link writes the answer out before the next turn; what it was made of is wiped a moment later.
      setTimeout(() => {
        for (const text of texts) text.release();
      }, SHARES_SENT_MS).unref();
      return ok({ slot, shares: texts.map(({ bytes }) => bytes) });
    }),
    direct(keyslots.addPeer, async (call) => {
      const { label, address, port } = call.input;
      const made = makePeer();
      try {
        const { slotSecret: secret, blob, keyId } = made;
        const record = recordOf(call, keyslots.addPeer, proved('slot-label', label));
        const added = await vault.addSlot({ kind: 'peer', secret }, label, call.moment.nowUnixMs, record);
        if (added.kind === 'refused') {
          await recordRefusal(call, keyslots.addPeer, added.code);
          return added;
        }
        const slot = added.value.id;
        await writePeer(directory, made, { address, port, slot }).catch(async (error: unknown) => {
          // Without its files nobody could ever open it.
          await vault.removeSlot(slot);
          throw error;
        });
        return ok({ slot: added.value, keyId, secret: blob });
      } finally {
        for (const secret of [made.slotSecret, made.wrapKey, made.privatePem]) wipe(secret);
      }
    }),
    direct(keyslots.remove, async (call) => {
      const removed = await vault.removeSlot(
        call.input.id,
        recordOf(call, keyslots.remove, proved('slot', call.input.id)),
      );
      if (removed.kind === 'refused') await recordRefusal(call, keyslots.remove, removed.code);
      else forgetPeer(directory, call.input.id);
      return removed;
    }),
  ];
};
