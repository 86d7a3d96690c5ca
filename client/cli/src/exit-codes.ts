// The one table of exit codes. A script may rely on them: they are never renumbered.

/** Every way a command ends, with its number and meaning. */
export const exitCodes = {
  done: { code: 0, meaning: 'done, or the answer is yes' },
  refused: { code: 1, meaning: 'refused, or the answer is no' },
  usage: { code: 2, meaning: 'the command line or what was typed is wrong' },
  unreachable: { code: 3, meaning: 'the keep cannot be reached or is sealed; the keyring is locked' },
  configuration: { code: 4, meaning: 'the configuration, a directory it names, or the keyring is wrong' },
  input: { code: 5, meaning: 'a file that was given is wrong; nothing was changed' },
  notLoggedIn: { code: 6, meaning: 'the session is not logged in to that vault' },
  noToken: { code: 7, meaning: 'there is no session token, or it is malformed or damaged' },
  otherShell: { code: 8, meaning: 'the session token belongs to another shell, user, machine or boot' },
  sessionEnded: { code: 9, meaning: 'the session has ended: logged out, expired, or unknown here' },
  internal: { code: 70, meaning: 'a fault of the program' },
  interrupted: { code: 130, meaning: 'interrupted at the keyboard' },
} as const;

/** The name of a way to end. */
export type ExitName = keyof typeof exitCodes;
