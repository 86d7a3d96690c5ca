// How this program starts itself once more, with the runtime it runs on.

/** The words to start a subcommand with. */
export const ownCommand = (words: readonly string[]): readonly string[] => {
  const [, program = ''] = process.argv;
  return [process.execPath, ...process.execArgv, program, ...words];
};
