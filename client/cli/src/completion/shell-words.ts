// Pieces that both completion scripts have in common.

import type { ValueKind } from './command-tree.ts';
import type { CompletedCommand } from './completion-script.ts';

/** A word in single quotes, whatever is in it. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** The options that take a value, by what the value is. An option is the same everywhere. */
export const optionsWithValue = (commands: readonly CompletedCommand[]): ReadonlyMap<string, ValueKind> => {
  const found = new Map<string, ValueKind>();
  for (const { options } of commands) {
    for (const { names, value } of options) {
      if (value !== 'none') for (const name of names) found.set(name, value);
    }
  }
  return found;
};

/** Lines that take the words before the cursor and leave in `place` the command they lead to. Both shells read them. */
export const walkLines = (commands: readonly CompletedCommand[]): readonly string[] => {
  const places = commands.map(({ place }) => place).filter((place) => place !== '');
  return [
    '    if [[ $word == "=" ]]; then skip=1; continue; fi',
    '    if [[ -n $skip ]]; then skip=; continue; fi',
    '    case $word in',
    `      ${[...optionsWithValue(commands).keys()].join('|')}) skip=1 ;;`,
    '      -*) ;;',
    '      *)',
    '        case $place/$word in',
    `          ${places.join('|')}) place=$place/$word ;;`,
    '        esac',
    '        ;;',
    '    esac',
  ];
};
