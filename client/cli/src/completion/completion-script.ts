// Completion scripts for bash and zsh, made of the tree of commands: they need nothing of Chatelaine when they run.

import type { Command } from 'commander';
import { bashScript } from './bash-script.ts';
import { type CommandEntry, describeTree, type OptionEntry, type ValueKind } from './command-tree.ts';
import { zshScript } from './zsh-script.ts';

/** What a script has to know of one command. */
export interface CompletedCommand {
  /** The path as the scripts write it: `/machine/list`. */
  readonly place: string;
  readonly subcommands: CommandEntry['subcommands'];
  readonly options: readonly OptionEntry[];
  /** How its arguments are completed; all alike. */
  readonly argument: ValueKind;
}

const HELP: OptionEntry = { names: ['--help'], flags: '--help', value: 'none', description: 'explain the command' };

const describeCommands = (program: Command): readonly CompletedCommand[] => {
  const tree = describeTree(program);
  const global = tree[0]?.options ?? [];
  return tree.map((entry) => ({
    place: entry.path.map((word) => `/${word}`).join(''),
    subcommands: entry.subcommands,
    options: [...(entry.path.length === 0 ? [] : entry.options), ...global, HELP],
    argument: entry.args[0]?.value ?? 'none',
  }));
};

/** The script, to be sourced by bash or put into zsh's function path. */
export const completionScript = (program: Command, shell: 'bash' | 'zsh'): string =>
  (shell === 'bash' ? bashScript : zshScript)(describeCommands(program));
