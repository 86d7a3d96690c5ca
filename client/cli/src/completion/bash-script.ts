// The completion script for bash 4.4 and newer.

import type { ValueKind } from './command-tree.ts';
import type { CompletedCommand } from './completion-script.ts';
import { optionsWithValue, quoted, walkLines } from './shell-words.ts';

const complete = (kind: ValueKind): string => {
  if (kind === 'file') return 'compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current")';
  if (kind === 'directory') return 'compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$current")';
  if (kind === 'none' || kind === 'text') return ':';
  return `mapfile -t COMPREPLY < <(compgen -W ${quoted(kind.join(' '))} -- "$current")`;
};

const wordsOf = (words: readonly string[]): string => complete(words);

const commandLines = ({ place, subcommands, options, argument }: CompletedCommand): readonly string[] => [
  `    ${quoted(place)})`,
  '      if [[ $current == -* ]]; then',
  `        ${wordsOf(options.flatMap(({ names }) => names))}`,
  '      else',
  `        ${subcommands.length > 0 ? wordsOf(subcommands.map(({ name }) => name)) : complete(argument)}`,
  '      fi',
  '      ;;',
];

/** Makes the script. */
export const bashScript = (commands: readonly CompletedCommand[]): string => {
  const values = [...optionsWithValue(commands)].map(([name, kind]) => `    ${name}) ${complete(kind)}; return ;;`);
  return `# bash completion for chatelaine; made by: chatelaine completion bash
_chatelaine() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  local place= skip= word i
  COMPREPLY=()
  # bash cuts --option=value into three words.
  if [[ $current == "=" ]]; then
    current=
  elif [[ $previous == "=" ]]; then
    previous=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  case $previous in
${values.join('\n')}
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
${walkLines(commands).join('\n')}
  done
  case $place in
${commands.flatMap(commandLines).join('\n')}
  esac
}
complete -F _chatelaine chatelaine
`;
};
