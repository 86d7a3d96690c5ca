// The completion script for zsh, to be a file named _chatelaine in the function path, or to be sourced.

import type { ValueKind } from './command-tree.ts';
import type { CompletedCommand } from './completion-script.ts';
import { optionsWithValue, quoted, walkLines } from './shell-words.ts';

const complete = (kind: ValueKind): string => {
  if (kind === 'file') return '_files';
  if (kind === 'directory') return '_files -/';
  if (kind === 'none' || kind === 'text') return ':';
  return `compadd -- ${kind.map(quoted).join(' ')}`;
};

const described = (what: string, entries: readonly (readonly [name: string, text: string])[]): string => {
  const items = entries.map(([name, text]) => quoted(`${name.replaceAll(':', '\\:')}:${text}`));
  return `entries=(${items.join(' ')}); _describe ${quoted(what)} entries`;
};

const commandLines = ({ place, subcommands, options, argument }: CompletedCommand): readonly string[] => [
  `    ${quoted(place)})`,
  '      if [[ $current == -* ]]; then',
  `        ${described(
    'option',
    options.flatMap(({ names, description }) => names.map((name) => [name, description] as const)),
  )}`,
  '      else',
  `        ${
    subcommands.length > 0
      ? described(
          'command',
          subcommands.map(({ name, summary }) => [name, summary] as const),
        )
      : complete(argument)
  }`,
  '      fi',
  '      ;;',
];

/** Makes the script. */
export const zshScript = (commands: readonly CompletedCommand[]): string => {
  const values = [...optionsWithValue(commands)];
  const joined = values.map(([name, kind]) => `    ${name}=*) compset -P '*='; ${complete(kind)}; return ;;`);
  const apart = values.map(([name, kind]) => `    ${name}) ${complete(kind)}; return ;;`);
  return `#compdef chatelaine
# zsh completion for chatelaine; made by: chatelaine completion zsh
_chatelaine() {
  local current=$words[CURRENT] previous=$words[CURRENT-1]
  local place= skip= word
  local -a entries
  case $current in
${joined.join('\n')}
  esac
  case $previous in
${apart.join('\n')}
  esac
  for word in "\${(@)words[2,CURRENT-1]}"; do
${walkLines(commands).join('\n')}
  done
  case $place in
${commands.flatMap(commandLines).join('\n')}
  esac
}
if [[ $funcstack[1] == _chatelaine ]]; then _chatelaine "$@"; else compdef _chatelaine chatelaine; fi
`;
};
