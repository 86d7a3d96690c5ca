// `chatelaine user …`: people, their groups, and the ways in which they log in.

import { readFile } from 'node:fs/promises';
import { type Client, type InputOf, type Operation, users } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { confirm } from '../terminal/confirm.ts';
import { formatMoment } from '../terminal/moment.ts';
import { print, printJson, say } from '../terminal/output.ts';
import { readPassPhrase } from '../terminal/secret-input.ts';
import { formatTable, terminalWidth } from '../terminal/table.ts';

const PAGE = 500;

export interface AddOptions extends GlobalOptions {
  readonly fullName?: string;
  readonly group: readonly string[];
  readonly key?: string;
}

const readKeyFile = async (file: string): Promise<string> => {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Failure('input', `${file} cannot be read: ${error.code}.`);
  });
  if (text.includes('PRIVATE KEY')) throw new Failure('input', `${file} is a private key.`, 'Give the .pub file.');
  return text.trim();
};

export const addUser = (name: string, options: AddOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const publicKey = options.key === undefined ? undefined : await readKeyFile(options.key);
    answerOf(
      await client.call(users.add, { name, fullName: options.fullName ?? '', groups: [...options.group] }),
      name,
    );
    if (publicKey !== undefined) answerOf(await client.call(users.addKey, { name, publicKey }), name);
    say(publicKey === undefined ? `${name} is added, with no way to log in yet.` : `${name} is added.`);
  });

const readAll = async (client: Client): Promise<users.UserView[]> => {
  const all: users.UserView[] = [];
  let cursor: string | undefined;
  do {
    const page = answerOf(await client.call(users.list, { limit: PAGE, ...(cursor !== undefined && { cursor }) }));
    all.push(...page.users);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return all.sort((one, other) => (one.name < other.name ? -1 : 1));
};

const waysOf = ({ sshKeys, hasPassPhrase, codeAtLogin }: users.UserView): string => {
  const keys = sshKeys.length === 0 ? [] : [`${sshKeys.length} SSH ${sshKeys.length === 1 ? 'key' : 'keys'}`];
  const ways = [...keys, ...(hasPassPhrase ? ['pass phrase'] : []), ...(codeAtLogin === 'enough' ? ['code'] : [])];
  const also = codeAtLogin === 'required' ? ', with a code' : '';
  return ways.length === 0 ? 'none' : ways.join(', ') + also;
};

export const listUsers = (options: GlobalOptions & { readonly json?: boolean }): Promise<void> =>
  askKeep(options, async (client) => {
    const all = await readAll(client);
    if (options.json === true) return await printJson(all);
    if (all.length === 0) return say('There are no users.');
    const rows = all.map((user) => [
      ...[user.name, user.state, user.groups.length === 0 ? '-' : user.groups.join(', ')],
      ...[waysOf(user), user.fullName],
    ]);
    const columns = [
      ...[{ title: 'NAME' }, { title: 'STATE' }, { title: 'GROUPS', isFlexible: true }],
      ...[{ title: 'LOGS IN BY' }, { title: 'FULL NAME', isFlexible: true }],
    ];
    await print(formatTable(columns, rows, terminalWidth()));
  });

export const showUser = (name: string, options: GlobalOptions & { readonly json?: boolean }): Promise<void> =>
  askKeep(options, async (client) => {
    const user = answerOf(await client.call(users.show, { name }), name);
    if (options.json === true) return await printJson(user);
    const lines = [
      ['name', user.name],
      ['full name', user.fullName],
      ['state', user.state],
      ['groups', user.groups.join(', ')],
      ['since', formatMoment(user.createdAtUnixMs)],
      ['pass phrase', user.hasPassPhrase ? 'yes' : 'no'],
      ['code', user.codeAtLogin],
      ...user.sshKeys.map(({ fingerprint }) => ['SSH key', fingerprint]),
    ];
    await print(lines.map(([title = '', value = '']) => `${title.padEnd(12)}${value}\n`).join(''));
  });

/** Asks something that answers nothing worth showing, and says `done`. */
const change = <O extends Operation>(
  operation: O,
  input: InputOf<O> & { readonly name: string },
  done: string,
  options: GlobalOptions,
): Promise<void> =>
  askKeep(options, async (client) => {
    answerOf(await client.call(operation, input), input.name);
    say(done);
  });

export const enableUser = (name: string, options: GlobalOptions): Promise<void> =>
  change(users.enable, { name }, `${name} is let in.`, options);

export const disableUser = (name: string, options: GlobalOptions): Promise<void> =>
  change(users.disable, { name }, `${name} is kept out; every session of theirs is over.`, options);

export const removeUser = async (name: string, options: GlobalOptions & { readonly yes?: boolean }): Promise<void> => {
  await confirm(`Remove the user ${name}?`, options.yes === true);
  await change(users.remove, { name }, `${name} is removed.`, options);
};

export const setUserGroups = (name: string, groups: readonly string[], options: GlobalOptions): Promise<void> => {
  const said = groups.length === 0 ? `${name} is in no group.` : `${name} is in ${groups.join(', ')}.`;
  return change(users.setGroups, { name, groups: [...groups] }, said, options);
};

export const addUserKey = async (name: string, file: string, options: GlobalOptions): Promise<void> =>
  change(users.addKey, { name, publicKey: await readKeyFile(file) }, `${name} can log in with that key.`, options);

export const removeUserKey = (name: string, fingerprint: string, options: GlobalOptions): Promise<void> =>
  change(users.removeKey, { name, fingerprint }, 'That key is taken away.', options);

export const setUserPassPhrase = async (
  name: string,
  options: GlobalOptions & { readonly remove?: boolean },
): Promise<void> => {
  const isRemoved = options.remove === true;
  const passPhrase = isRemoved
    ? Buffer.alloc(0)
    : await readPassPhrase({ name: `pass phrase of ${name}`, isNew: true });
  try {
    const said = isRemoved ? `${name} has no pass phrase any more.` : `${name} can log in with that pass phrase.`;
    await change(users.setPassPhrase, { name, passPhrase }, said, options);
  } finally {
    passPhrase.fill(0);
  }
};

const saidOfCode: Readonly<Record<users.CodeAtLogin, string>> = {
  optional: 'needs no code to log in',
  required: 'logs in with a code besides any other proof',
  enough: 'can log in with a code alone',
};

export const setCodeAtLogin = (name: string, whether: string, options: GlobalOptions): Promise<void> => {
  const codeAtLogin = whether as users.CodeAtLogin;
  return change(users.setCodeAtLogin, { name, codeAtLogin }, `${name} ${saidOfCode[codeAtLogin]}.`, options);
};
