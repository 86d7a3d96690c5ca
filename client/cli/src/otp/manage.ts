// `chatelaine otp verify`, `list`, `remove`, `allow-tries`, `enable` and `disable`.

import { type Client, hotp, type Result, recovery, totp, yubiotp } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { confirm as confirmByPerson } from '../terminal/confirm.ts';
import { formatMoment } from '../terminal/moment.ts';
import { print, printJson, say } from '../terminal/output.ts';
import { formatTable, terminalWidth } from '../terminal/table.ts';
import { allPages } from './all-pages.ts';
import { holderOf, type Kind, type KindOptions, NOBODY, namedOf } from './kind.ts';
import { listCredentials } from './list-credentials.ts';
import { readCode } from './read-codes.ts';
import { isRecoveryCode } from './recovery.ts';

const SHORTEST_YUBIKEY_CODE = 32;

export const verify = (
  user: string,
  options: GlobalOptions & KindOptions & { readonly name?: string; readonly json?: boolean },
): Promise<void> =>
  askKeep(options, async (client) => {
    const code = await readCode();
    const isYubikeys = options.yubikey === true || code.length >= SHORTEST_YUBIKEY_CODE;
    const input = { user, code, ...(options.name !== undefined && { credential: options.name }) };
    const verified: Result<object> = isYubikeys
      ? await client.call(yubiotp.verify, { user, otp: code })
      : isRecoveryCode(code)
        ? await client.call(recovery.verify, { user, code })
        : options.hotp === true
          ? await client.call(hotp.verify, input)
          : await client.call(totp.verify, input);
    const value = answerOf(verified, user);
    if (options.json === true) return await printJson(value);
    say('The code is right, and spent from now on.');
  });

/** A credential of any kind. */
interface Shown {
  readonly kind: Kind;
  readonly user: string;
  readonly credential: string;
  readonly state: string;
  readonly createdAtUnixMs: number;
  readonly lastUsedAtUnixMs?: number | undefined;
}

const listAll = async (client: Client, user: string): Promise<Shown[]> => {
  const about = user === '' ? {} : { user };
  const yubikeys = await allPages<Shown>(async (page) => {
    const listed = await client.call(yubiotp.list, { ...about, ...page });
    if (listed.kind === 'refused') return listed;
    const items = listed.value.keys.map(({ publicId, user: owner = NOBODY, ...one }) => ({
      kind: 'yubikey' as const,
      user: owner,
      credential: publicId,
      ...one,
    }));
    return { kind: 'ok', value: { items, cursor: listed.value.cursor } };
  });
  const all: Shown[] = [...(await listCredentials(client, user === '' ? undefined : user)), ...yubikeys];
  const nameOf = ({ user: owner, kind, credential }: Shown): string => `${owner} ${kind} ${credential}`;
  return all.sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
};

export const list = (user: string, options: GlobalOptions & { readonly json?: boolean }): Promise<void> =>
  askKeep(options, async (client) => {
    const all = await listAll(client, user);
    if (options.json === true) return await printJson(all);
    if (all.length === 0) return say('There are none.');
    const rows = all.map(({ user: owner, kind, credential, state, createdAtUnixMs, lastUsedAtUnixMs }) => [
      ...[owner, kind, credential, state, formatMoment(createdAtUnixMs)],
      lastUsedAtUnixMs === undefined ? '-' : formatMoment(lastUsedAtUnixMs),
    ]);
    const columns = [
      ...[{ title: 'USER' }, { title: 'KIND' }, { title: 'CREDENTIAL', isFlexible: true }],
      ...[{ title: 'STATE' }, { title: 'CREATED' }, { title: 'LAST USED' }],
    ];
    await print(formatTable(columns, rows, terminalWidth()));
  });

export const remove = async (
  user: string,
  credential: string,
  options: GlobalOptions & KindOptions & { readonly yes?: boolean },
): Promise<void> => {
  const named = namedOf(user, credential, options);
  await confirmByPerson(`Remove ${named.kind} ${named.credential} of ${user}?`, options.yes === true);
  await askKeep(options, async (client) => {
    const input = { user, credential: named.credential };
    answerOf<unknown>(
      named.kind === 'yubikey'
        ? await client.call(yubiotp.remove, { ...holderOf(user), publicId: named.credential })
        : named.kind === 'totp'
          ? await client.call(totp.remove, input)
          : await client.call(hotp.remove, input),
      user,
    );
    say('It is removed, and its secret is destroyed.');
  });
};

export const allowTries = (user: string, options: GlobalOptions & KindOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const { kind } = namedOf(user, 'default', options);
    if (kind === 'yubikey') throw new Failure('usage', 'Codes of YubiKeys are not limited.');
    answerOf(await client.call(kind === 'totp' ? totp.allowTries : hotp.allowTries, { user }), user);
    say(`${user} may try again at once.`);
  });

export const setYubikey = (user: string, publicId: string, isEnabled: boolean, options: GlobalOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const operation = isEnabled ? yubiotp.enable : yubiotp.disable;
    const { changed } = answerOf(await client.call(operation, { ...holderOf(user), publicId }), publicId);
    say(`The key ${changed ? 'is' : 'was'} ${isEnabled ? 'enabled' : 'disabled'}${changed ? '' : ' before'}.`);
  });
