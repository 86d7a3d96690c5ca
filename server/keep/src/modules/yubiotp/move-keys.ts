// Keys on their way from Yubico's servers and to them: secrets as a key storage module has them, counters as a validation server has
// them. An import comes in pieces, each whole or not at all, and no new key of it is there before all of it is.

import { type InputOf, type OutputOf, ok, type Result, refuse, yubiotp } from '@chatelaine/contract';
import { areEqualBytes } from '@chatelaine/secret';
import { answer, type BoundOperation, type Call, type ModuleServices, release } from '../../kernel/module.ts';
import type { ModuleTransaction } from '../../kernel/module-transaction.ts';
import { decideRelease, proved } from '../../kernel/release/decision.ts';
import { seedOf } from '../../otp/credentials-record.ts';
import { isPending, putCompleteImport } from '../../otp/pending-import.ts';
import { thereCondition } from '../../otp/there-condition.ts';
import { isLater } from './open-token.ts';
import {
  listYubikeys,
  putYubikey,
  readAnyYubikey,
  readYubikey,
  subjectOf,
  type YubikeyRecord,
} from './yubikey-record.ts';

type Brought = InputOf<typeof yubiotp.bringKeys>['keys'][number];
type Secrets = Pick<NonNullable<Brought['stored']>, 'privateId' | 'key'>;

/** The secrets of a key, wherever they are; undefined if its codes are not opened here. */
const secretsOf = async (
  services: ModuleServices,
  tx: ModuleTransaction,
  { holder, aesKey, privateId }: YubikeyRecord,
): Promise<Secrets | undefined> => {
  const handed = holder && (await seedOf(services, tx, holder.user, holder.key));
  const ofHolder = handed?.kind === 'ok' && handed.value.since === holder?.since ? handed.value.value : undefined;
  const key = holder === undefined ? aesKey : ofHolder;
  return key === undefined || privateId === undefined ? undefined : { key, privateId };
};

const withStorage = (record: YubikeyRecord, stored: NonNullable<Brought['stored']>): YubikeyRecord => {
  const { key, privateId, ...storage } = stored;
  const ksm = { ...storage, hardware: true };
  return record.holder === undefined ? { ...record, aesKey: key, privateId, ksm } : { ...record, ksm };
};

const withState = (
  { timestamp: _, nonce: __, ...record }: YubikeyRecord,
  state: NonNullable<Brought['state']>,
  epoch: number,
): YubikeyRecord => {
  const { counter, use, timestamp, nonce, modifiedAtUnixMs } = state;
  return {
    ...{ ...record, counter, use, modifiedAtUnixMs, epoch, confirmed: true },
    ...(timestamp !== undefined && { timestamp }),
    ...(nonce !== undefined && { nonce }),
    ...(counter >= 0 && { lastUsedAtUnixMs: modifiedAtUnixMs }),
  };
};

/** A key that is new here. */
const newKey = (brought: Brought, importId: string, nowUnixMs: number, epoch: number): YubikeyRecord => {
  const { stored, state } = brought;
  const bare: YubikeyRecord = {
    ...{ format: 2, import: importId, confirmed: true, active: state?.active ?? true, counter: -1, use: -1, epoch },
    ...{ createdAtUnixMs: state?.createdAtUnixMs ?? nowUnixMs, modifiedAtUnixMs: nowUnixMs },
    ...(state !== undefined && state.notes !== '' && { notes: state.notes }),
  };
  const kept = stored === undefined ? bare : withStorage(bare, stored);
  return state === undefined ? kept : withState(kept, state, epoch);
};

const areSame = (one: Secrets, other: Secrets): boolean =>
  areEqualBytes(one.key, other.key) && areEqualBytes(one.privateId, other.privateId);

/** A key that is here, with what is new of it; the same object if nothing is. Refusal: `already-exists`. */
const merge = async (
  services: ModuleServices,
  tx: ModuleTransaction,
  record: YubikeyRecord,
  { stored, state }: Brought,
): Promise<Result<YubikeyRecord>> => {
  let merged = record;
  if (stored !== undefined) {
    const present = await secretsOf(services, tx, record);
    if (present !== undefined && !areSame(present, stored)) return refuse('already-exists');
    if (present === undefined || record.ksm === undefined) merged = withStorage(merged, stored);
  }
  if (state !== undefined && isLater(state, merged)) merged = withState(merged, state, services.epoch.number);
  return ok(merged);
};

type Bringing = Call<InputOf<typeof yubiotp.bringKeys>>;

/** What an import does, given to `put` where it changes anything. Refusals: `invalid-input`, `already-exists`. */
const bring = async (
  services: ModuleServices,
  { input, moment }: Bringing,
  tx: ModuleTransaction,
  put: (publicId: string, record: YubikeyRecord) => void,
): Promise<Result<OutputOf<typeof yubiotp.bringKeys>>> => {
  const counts = { added: 0, changed: 0, unchanged: 0 };
  const seen = new Set<string>();
  const wrong = (at: number, message: string) => ({ field: `keys.${at}.publicId`, message });
  for (const [at, brought] of input.keys.entries()) {
    const { publicId } = brought;
    if (seen.has(publicId)) return refuse('invalid-input', wrong(at, 'stands there twice'));
    seen.add(publicId);
    const before = await readAnyYubikey(tx, publicId);
    const isForgotten = before !== undefined && before.import !== input.import && (await isPending(tx, before));
    if (before === undefined || isForgotten) {
      put(publicId, newKey(brought, input.import, moment.nowUnixMs, services.epoch.number));
      counts.added++;
      continue;
    }
    const merged = await merge(services, tx, before, brought);
    if (merged.kind === 'refused') return refuse('already-exists', wrong(at, 'is that of a key with other secrets'));
    if (merged.value === before) counts.unchanged++;
    else {
      put(publicId, merged.value);
      counts.changed++;
    }
  }
  return ok(counts);
};

const conditions = [thereCondition('key')];

const exportKey = (services: ModuleServices): BoundOperation =>
  release(yubiotp.exportKey, async ({ input: { publicId }, moment }, tx) => {
    const record = await readYubikey(tx, publicId);
    const secrets = record && (await secretsOf(services, tx, record));
    const isThere = secrets !== undefined;
    const decision = decideRelease(conditions, { isThere }, moment, [proved('for-export', true)]);
    if (decision.verdict !== 'release' || record === undefined || secrets === undefined) return { decision };
    const { hardware: _, ...storage } = record.ksm ?? { hardware: true };
    const output = { ...secrets, ...('serialNumber' in storage && { storage }) };
    return { subject: subjectOf(record, publicId), isRemembered: false, decision, output };
  });

const stateOf = (publicId: string, record: YubikeyRecord) => {
  const { active, counter, use, timestamp, nonce, createdAtUnixMs, modifiedAtUnixMs, notes = '' } = record;
  return {
    ...{ publicId, active, counter, use, createdAtUnixMs, modifiedAtUnixMs, notes },
    ...(timestamp !== undefined && { timestamp }),
    ...(nonce !== undefined && { nonce }),
    hasSecrets: record.holder !== undefined || record.aesKey !== undefined,
  };
};

export const moveKeys = (services: ModuleServices): readonly BoundOperation[] => [
  answer(yubiotp.checkKeys, (call, tx) => bring(services, call, tx, () => undefined)),
  answer(yubiotp.bringKeys, async (call, tx) => {
    call.note(proved('import', call.input.import));
    call.note(proved('keys', call.input.keys.length));
    return await bring(services, call, tx, (publicId, record) => putYubikey(tx, publicId, record));
  }),
  answer(yubiotp.completeImport, async ({ input, moment, note }, tx) => {
    putCompleteImport(tx, input.import, moment.nowUnixMs);
    note(proved('import', input.import));
    return ok({});
  }),
  exportKey(services),
  answer(yubiotp.listStates, async ({ input: { limit, cursor } }, tx) => {
    const page = await listYubikeys(tx, cursor === undefined ? { limit } : { limit, cursor });
    const keys = page.found.map(({ publicId, record }) => stateOf(publicId, record));
    return ok(page.cursor === undefined ? { keys } : { keys, cursor: page.cursor });
  }),
];
