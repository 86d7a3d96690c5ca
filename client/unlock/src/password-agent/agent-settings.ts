// What the agent is told. Options and names are those of Mandos's password-agent, and what our own adds. password-agent(8mandos)

import { type OptionForm, readOptions } from '../options/read-options.ts';

/** Everything it is told. */
export interface AgentSettings {
  readonly directory: string;
  readonly helperDir: string;
  /** Whom the client runs as; absent for the account of the agent. */
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** What the ids of questions begin with that it answers; empty for every question. */
  readonly ids: readonly string[];
  /** The client with its options; empty for our own. */
  readonly client: readonly string[];
}

const forms: readonly OptionForm[] = [
  { name: 'agent-directory', short: 'd', takesValue: true },
  { name: 'helper-directory', takesValue: true },
  { name: 'plugin-helper-dir', takesValue: true },
  { name: 'user', short: 'u', takesValue: true },
  { name: 'userid', takesValue: true },
  { name: 'group', short: 'g', takesValue: true },
  { name: 'groupid', takesValue: true },
  { name: 'id', takesValue: true },
  { name: 'any' },
  { name: 'help', short: '?' },
];

const sameAs: Readonly<Record<string, string>> = {
  'plugin-helper-dir': 'helper-directory',
  userid: 'user',
  groupid: 'group',
};

/** The text of `--help`. */
export const AGENT_HELP = `usage: chatelaine-unlock agent [OPTION...] [--] [CLIENT [OPTION...]]

Answers systemd's questions for the passwords of disks with what CLIENT prints; without CLIENT, chatelaine-unlock asks the server.
Whoever sits at the machine is asked all the same, and may be faster. A disk that the password did not open is left to that person.

      --id BEGINNING           answer questions whose Id begins so, and no others (default cryptsetup:); may be repeated
      --any                    answer every question, whatever it asks for
  -d, --agent-directory DIR    where questions are (default /run/systemd/ask-password)
  -u, --user NUMBER            whom the client runs as, not root (default: whoever the agent runs as)
  -g, --group NUMBER           likewise
      --helper-directory DIR   where the client's helpers are (default /lib/mandos/plugin-helpers)
  -?, --help

Exit codes: 0 no question is left; 1 there was none, or the client failed; 64 wrong option; 71 the system failed; 72 no directory.
`;

const MAX_ID = 4_294_967_294;

/** What it is to do, or what is wrong. */
export type AgentOrder =
  | { readonly kind: 'run'; readonly settings: AgentSettings }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly text: string };

/** The words up to the client: its options are not ours. */
const splitClient = (words: readonly string[]): readonly [own: readonly string[], client: readonly string[]] => {
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    if (word === '--') return [words.slice(0, index), words.slice(index + 1)];
    if (!/^-./s.test(word)) return [words.slice(0, index), words.slice(index)];
    const read = readOptions([word], forms);
    // Its value is the next word.
    if (read.kind === 'wrong' && readOptions([word, 'value'], forms).kind === 'read') index++;
  }
  return [words, []];
};

/** Reads a command line. */
export const readAgentOrder = (words: readonly string[]): AgentOrder => {
  const [own, client] = splitClient(words);
  const read = readOptions(own, forms);
  if (read.kind === 'wrong') return { kind: 'wrong', text: read.message };
  const given = new Map<string, string>();
  const ids: string[] = [];
  for (const { name, value = '' } of read.options) {
    if (name === 'help') return { kind: 'help' };
    if (name === 'id') ids.push(value);
    else given.set(sameAs[name] ?? name, value);
  }
  const readAccount = (name: string): number | undefined => {
    const value = given.get(name);
    return value === undefined ? undefined : /^\d+$/.test(value) ? Number(value) : Number.NaN;
  };
  const [uid, gid] = [readAccount('user'), readAccount('group')];
  for (const [name, id] of Object.entries({ user: uid, group: gid })) {
    if (id === undefined || (id >= 1 && id <= MAX_ID)) continue;
    return { kind: 'wrong', text: `--${name} must be a number, and not 0: ${given.get(name)}` };
  }
  const settings: AgentSettings = {
    directory: given.get('agent-directory') ?? '/run/systemd/ask-password',
    helperDir: given.get('helper-directory') ?? '/lib/mandos/plugin-helpers',
    uid,
    gid,
    ids: given.has('any') ? [] : ids.length === 0 ? ['cryptsetup:'] : ids,
    client,
  };
  return { kind: 'run', settings };
};
