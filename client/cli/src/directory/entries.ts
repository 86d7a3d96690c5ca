// `chatelaine user directory …`: whose password the directory keeps, and whether somebody's is right.

import { type Client, ldap } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { formatMoment } from '../terminal/moment.ts';
import { print, printJson, say } from '../terminal/output.ts';
import { askSecret, readStdin } from '../terminal/secret-input.ts';
import { formatTable, terminalWidth } from '../terminal/table.ts';

const PAGE = 500;
const LINE_FEED = 10;

type CodeKind = ldap.DirectoryEntryView['code'];

/** As people name them on the command line. */
const codeWords = { none: 'none', totp: 'totp', hotp: 'hotp', yubiotp: 'yubikey' } as const satisfies Record<
  CodeKind,
  string
>;

const codeOf = (word: string): CodeKind => {
  const kind = ldap.codeKinds.find((known) => codeWords[known] === word);
  if (kind === undefined) throw new Failure('usage', `--needs is one of ${Object.values(codeWords).join(', ')}.`);
  return kind;
};

export interface SetOptions extends GlobalOptions {
  readonly as?: string;
  readonly needs: string;
}

export const setEntry = (user: string, options: SetOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const code = codeOf(options.needs);
    const name = options.as ?? user;
    answerOf(await client.call(ldap.set, { user, name, code }), user);
    const besides = code === 'none' ? '' : ', with a code besides';
    say(`The password of ${user} is that of "${name}" in the directory${besides}.`);
  });

export const unsetEntry = (user: string, options: GlobalOptions): Promise<void> =>
  askKeep(options, async (client) => {
    answerOf(await client.call(ldap.unset, { user }), user);
    say(`${user} has no entry in the directory any more.`);
  });

const readAll = async (client: Client, user: string): Promise<ldap.DirectoryEntryView[]> => {
  const all: ldap.DirectoryEntryView[] = [];
  let cursor: string | undefined;
  do {
    const page = { limit: PAGE, ...(user !== '' && { user }), ...(cursor !== undefined && { cursor }) };
    const listed = answerOf(await client.call(ldap.list, page));
    all.push(...listed.entries);
    cursor = listed.cursor;
  } while (cursor !== undefined);
  return all.sort((one, other) => (one.user < other.user ? -1 : 1));
};

export const showEntries = (user: string, options: GlobalOptions & { readonly json?: boolean }): Promise<void> =>
  askKeep(options, async (client) => {
    const all = await readAll(client, user);
    if (options.json === true) return await printJson(all);
    if (all.length === 0) return say('Nobody has an entry in the directory.');
    const columns = [
      ...[{ title: 'USER' }, { title: 'NAME THERE', isFlexible: true }, { title: 'CODE' }],
      ...[{ title: 'LAST USED' }, { title: 'TRIES LEFT' }],
    ];
    const rows = all.map((one) => [
      ...[one.user, one.name, codeWords[one.code]],
      ...[one.lastUsedAtUnixMs === undefined ? '-' : formatMoment(one.lastUsedAtUnixMs), String(one.triesLeft)],
    ]);
    await print(formatTable(columns, rows, terminalWidth()));
  });

/** The password, and the code if one is wanted: each from a prompt, or a line each from stdin. The caller wipes the password. */
const readCredentials = async (hasCode: boolean): Promise<{ readonly password: Buffer; readonly code?: string }> => {
  if (process.stdin.isTTY) {
    const password = await askSecret({ name: 'password', isNew: false });
    const code = hasCode ? await askSecret({ name: 'code', isNew: false }) : undefined;
    return { password, ...(code !== undefined && { code: code.toString('latin1').trim() }) };
  }
  const lines = await readStdin('The password');
  try {
    const end = lines.includes(LINE_FEED) ? lines.indexOf(LINE_FEED) : lines.length;
    const password = Buffer.allocUnsafeSlow(end);
    lines.copy(password, 0, 0, end);
    return { password, ...(hasCode && { code: lines.toString('latin1', end).trim() }) };
  } finally {
    lines.fill(0);
  }
};

export interface CheckOptions extends GlobalOptions {
  readonly withCode?: boolean;
  readonly json?: boolean;
}

export const checkEntry = (user: string, options: CheckOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const { password, code } = await readCredentials(options.withCode === true);
    try {
      if (password.length === 0) throw new Failure('usage', 'The password is empty.');
      const input = { user, password, ...(code !== undefined && { code }) };
      const verified = answerOf(await client.call(ldap.verify, input), user);
      if (options.json === true) return await printJson(verified);
      say(
        code === undefined ? 'The password is right.' : 'Password and code are right; the code is spent from now on.',
      );
    } finally {
      password.fill(0);
    }
  });

export const allowTries = (user: string, options: GlobalOptions): Promise<void> =>
  askKeep(options, async (client) => {
    answerOf(await client.call(ldap.allowTries, { user }), user);
    say(`${user} may try again at once.`);
  });
