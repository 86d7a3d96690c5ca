// The tree of commands as data: what can be typed where. Completion and the reference page are made of it.

import type { Argument, Command, Option } from 'commander';

/** What a value or argument is, as far as a shell can complete it. */
export type ValueKind = 'none' | 'text' | 'file' | 'directory' | readonly string[];

export interface OptionEntry {
  /** With the dashes, such as `--key-file`. */
  readonly names: readonly string[];
  /** As in the help, such as `--key-file <FILE>`. */
  readonly flags: string;
  readonly value: ValueKind;
  readonly description: string;
}

export interface ArgumentEntry {
  readonly name: string;
  readonly value: ValueKind;
  readonly description: string;
}

export interface CommandEntry {
  /** The words after `chatelaine`; empty for itself. */
  readonly path: readonly string[];
  readonly summary: string;
  readonly description: string;
  readonly subcommands: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly OptionEntry[];
  readonly args: readonly ArgumentEntry[];
}

const kindOf = (placeholder: string, choices: readonly string[] | undefined): ValueKind => {
  if (choices !== undefined) return choices;
  if (placeholder === 'FILE') return 'file';
  return placeholder === 'DIR' ? 'directory' : 'text';
};

const describeOption = (option: Option): OptionEntry => ({
  names: [option.short, option.long].filter((name) => name !== undefined && name !== null),
  flags: option.flags,
  value: option.required ? kindOf(/<(.*)>/.exec(option.flags)?.[1] ?? '', option.argChoices) : 'none',
  description: option.description,
});

const describeArgument = (argument: Argument): ArgumentEntry => ({
  name: argument.name(),
  value: kindOf(argument.name(), argument.argChoices),
  description: argument.description,
});

/** Every command, a parent before its children. */
export const describeTree = (command: Command, path: readonly string[] = []): readonly CommandEntry[] => [
  {
    path,
    summary: command.summary() || command.description(),
    description: command.description(),
    subcommands: command.commands.map((child) => ({
      name: child.name(),
      summary: child.summary() || child.description(),
    })),
    options: command.options.map(describeOption),
    args: command.registeredArguments.map(describeArgument),
  },
  ...command.commands.flatMap((child) => describeTree(child, [...path, child.name()])),
];
