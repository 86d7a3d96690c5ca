// The page about the command line, made of the tree of commands and the table of exit codes, so that it cannot rot.

import { type CommandEntry, describeTree } from './completion/command-tree.ts';
import { exitCodes } from './exit-codes.ts';
import { buildProgram } from './program.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

const table = (titles: readonly string[], rows: readonly (readonly string[])[]): string =>
  [titles, titles.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

const code = (text: string): string => `\`${text}\``;

const usageOf = ({ path, args, options }: CommandEntry): string =>
  ['chatelaine', ...path, ...(options.length > 0 ? ['[options]'] : []), ...args.map(({ name }) => name)].join(' ');

const describeCommand = (entry: CommandEntry): string => {
  const rows = [
    ...entry.args.map(({ name, description }) => [code(name), cell(description)]),
    ...entry.options.map(({ flags, description }) => [code(flags), cell(description)]),
  ];
  const parts = [
    `### ${entry.path.join(' ')}`,
    code(usageOf(entry)),
    `${cell(entry.description)
      .replace(/^./, (first) => first.toUpperCase())
      .replace(/\.$/, '')}.`,
  ];
  return [...parts, ...(rows.length > 0 ? [table(['', ''], rows)] : [])].join('\n\n');
};

/** The text of docs/cli.md. */
export const renderCommandReference = (): string => {
  const [root, ...rest] = describeTree(buildProgram());
  const commands = rest.filter(({ subcommands }) => subcommands.length === 0);
  const globals = (root?.options ?? []).map(({ flags, description }) => [code(flags), cell(description)]);
  const codes = Object.values(exitCodes).map(({ code: number, meaning }) => [String(number), meaning]);
  return `${[
    '# The command line',
    '<!-- Made of the command itself by scripts/generate-docs.ts; change it there. -->',
    'Data is printed on stdout, words on stderr. Secrets come from a prompt, from stdin or from a file, never from an ' +
      'argument. Questions are asked only at a terminal.',
    '## Every command',
    table(['', ''], globals),
    '## Exit codes',
    table(['code', 'meaning'], codes),
    '## Commands',
    ...commands.map(describeCommand),
  ].join('\n\n')}\n`;
};
