// YubiKeys as an administrator keeps them: a new one counts once it has made a code.

import { type InputOf, ok, type Result, refuse, yubiotp } from '@chatelaine/contract';
import { answer, type BoundOperation, type Call, type ModuleServices } from '../../kernel/module.ts';
import type { ModuleTransaction } from '../../kernel/module-transaction.ts';
import { parseOtp } from './modhex.ts';
import { isLater } from './open-token.ts';
import { readToken } from './read-token.ts';
import {
  deleteYubikey,
  listYubikeys,
  putYubikey,
  putYubikeysOf,
  readYubikey,
  spend,
  viewOfYubikey,
  type YubikeyRecord,
  yubikeysOf,
} from './yubikey-record.ts';

type Shown = Call<InputOf<typeof yubiotp.confirm>>;

interface Named {
  /** Absent: it is nobody's. */
  readonly user?: string | undefined;
  readonly publicId: string;
}

/** A key, if it is one of the present user of that name, or nobody's if none is named. */
const findYubikey = async (
  services: ModuleServices,
  tx: ModuleTransaction,
  { user, publicId }: Named,
): Promise<YubikeyRecord | undefined> => {
  if (user === undefined) {
    const record = await readYubikey(tx, publicId);
    return record?.holder === undefined ? record : undefined;
  }
  const present = await yubikeysOf(services, tx, user);
  if (present.kind === 'refused' || !present.value.publicIds.includes(publicId)) return undefined;
  return await readYubikey(tx, publicId);
};

/** The key counts from the code that it shows. */
const showOtp = async (
  services: ModuleServices,
  { input, moment }: Shown,
  tx: ModuleTransaction,
  isWanted: (record: YubikeyRecord) => boolean,
): Promise<Result<Record<string, never>>> => {
  const record = await findYubikey(services, tx, input);
  if (record === undefined || !isWanted(record)) return refuse('not-found');
  const typed = parseOtp(input.otp);
  if (typed === undefined || typed.publicId !== input.publicId) return refuse('wrong-code');
  const token = await readToken(services, tx, record, typed.block);
  if (token === undefined) return refuse('wrong-code');
  if (!isLater(token, record)) return refuse('replayed');
  const spent = spend(record, token, moment.nowUnixMs);
  putYubikey(tx, input.publicId, { ...spent, confirmed: true, epoch: services.epoch.number });
  return ok({});
};

const enroll = (services: ModuleServices): BoundOperation =>
  answer(yubiotp.enroll, async ({ input, moment, whenOver }, tx) => {
    const { user, publicId, secret } = input;
    const present = await yubikeysOf(services, tx, user);
    if (present.kind === 'refused') return present;
    const { since, publicIds } = present.value;
    const before = await readYubikey(tx, publicId);
    const isTheirs = publicIds.includes(publicId);
    // Whose it was may be gone; a key that counts is never taken from anybody.
    const owner = before?.holder && !isTheirs ? await yubikeysOf(services, tx, before.holder.user) : undefined;
    const isSomebodys = owner?.kind === 'ok' && owner.value.publicIds.includes(publicId);
    const isNobodys = before !== undefined && before.holder === undefined;
    if (isSomebodys || isNobodys || (isTheirs && before?.confirmed === true)) {
      return refuse('already-exists', { field: 'publicId', message: 'is taken' });
    }
    if (!isTheirs && publicIds.length >= yubiotp.MAX_YUBIKEYS) {
      return refuse('too-large', { message: `a user has at most ${yubiotp.MAX_YUBIKEYS} YubiKeys` });
    }
    const key = `yubiotp-${publicId}`;
    if (isTheirs) await services.ask('aes', 'discard', tx, { user, key });
    const isNew = secret.kind === 'new';
    const made = isNew
      ? { privateId: services.random(yubiotp.PRIVATE_ID_BYTES), key: services.random(yubiotp.YUBIKEY_AES_BYTES) }
      : secret;
    if (isNew) whenOver(() => [made.privateId, made.key].forEach((bytes) => void bytes.fill(0)));
    const kept = await services.ask('aes', 'keep', tx, { user, key, value: made.key, nowUnixMs: moment.nowUnixMs });
    if (kept.kind === 'refused') return kept;
    putYubikey(tx, publicId, {
      ...{ format: 2, holder: { user, since, key }, privateId: made.privateId, active: true, confirmed: false },
      ...{ counter: -1, use: -1, epoch: services.epoch.number },
      ...{ createdAtUnixMs: moment.nowUnixMs, modifiedAtUnixMs: moment.nowUnixMs },
    });
    if (!isTheirs) putYubikeysOf(tx, user, { format: 1, since, publicIds: [...publicIds, publicId] });
    return ok(isNew ? { made: { privateId: made.privateId, key: made.key } } : {});
  });

const remove = (services: ModuleServices): BoundOperation =>
  answer(yubiotp.remove, async ({ input: { user, publicId } }, tx) => {
    const record = await findYubikey(services, tx, { user, publicId });
    if (record === undefined) return refuse('not-found');
    deleteYubikey(tx, publicId);
    if (user === undefined || record.holder === undefined) return ok({});
    await services.ask('aes', 'discard', tx, { user, key: record.holder.key });
    const present = await yubikeysOf(services, tx, user);
    if (present.kind === 'refused') return present;
    const publicIds = present.value.publicIds.filter((id) => id !== publicId);
    putYubikeysOf(tx, user, { ...present.value, publicIds });
    return ok({});
  });

const setActive = async (
  services: ModuleServices,
  tx: ModuleTransaction,
  named: Named,
  active: boolean,
): Promise<Result<{ readonly changed: boolean }>> => {
  const record = await findYubikey(services, tx, named);
  if (record === undefined) return refuse('not-found');
  if (record.active !== active) putYubikey(tx, named.publicId, { ...record, active });
  return ok({ changed: record.active !== active });
};

const list = (services: ModuleServices): BoundOperation =>
  answer(yubiotp.list, async ({ input: { user, limit, cursor } }, tx) => {
    const epoch = services.epoch.number;
    if (user === undefined) {
      const page = await listYubikeys(tx, cursor === undefined ? { limit } : { limit, cursor });
      const keys = page.found.map(({ publicId, record }) => viewOfYubikey(publicId, record, epoch));
      return ok(page.cursor === undefined ? { keys } : { keys, cursor: page.cursor });
    }
    const present = await yubikeysOf(services, tx, user);
    const keys: yubiotp.YubikeyView[] = [];
    for (const publicId of present.kind === 'ok' ? present.value.publicIds : []) {
      const record = await readYubikey(tx, publicId);
      if (record !== undefined) keys.push(viewOfYubikey(publicId, record, epoch));
    }
    return ok({ keys });
  });

export const changeYubikeys = (services: ModuleServices): readonly BoundOperation[] => [
  enroll(services),
  answer(yubiotp.confirm, (call, tx) => showOtp(services, call, tx, ({ confirmed }) => !confirmed)),
  answer(yubiotp.resync, (call, tx) => showOtp(services, call, tx, ({ confirmed }) => confirmed)),
  remove(services),
  answer(yubiotp.enable, ({ input }, tx) => setActive(services, tx, input, true)),
  answer(yubiotp.disable, ({ input }, tx) => setActive(services, tx, input, false)),
  list(services),
];
