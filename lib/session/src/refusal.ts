// Why a session is not opened, or does not do what it was asked. Refusals are values; only bugs and a broken system throw.

/** The one table of refusals: what is wrong, and what to do about it. */
const refusals = {
  'malformed-token': ['This is not a session token.', 'Make one in this shell.'],
  'no-shell': [
    'There is no shell to bind to: the leader of this session is not visible, has ended, or belongs to another user.',
    'Start a session of your own, for example with a login shell or setsid.',
  ],
  'unknown-session': [
    'No such session is here: it was logged out, has ended, or was made on another machine, before a reboot or by another user.',
    'Make a new token in this shell.',
  ],
  'another-shell': ['The token belongs to another shell.', 'Make a token in this shell.'],
  'another-user': ['The token belongs to another user.', 'Make a token of your own.'],
  'another-container': ['The token was made in another container.', 'Make a token in this one.'],
  'another-machine': ['The token was made on another machine.', 'Make a token on this one.'],
  'another-boot': ['The token was made before the last reboot.', 'Make a new token.'],
  'shell-ended': ['The shell that the token belongs to has ended.', 'Make a token in this shell.'],
  expired: ['The session was not used for too long, or is too old.', 'Make a new token and log in again.'],
  'logged-out': ['The session was logged out.', 'Make a new token and log in again.'],
  damaged: ['The session or its token is damaged.', 'Make a new token and log in again.'],
  'not-logged-in': ['This session is not logged in to that vault.', 'Log in to it first.'],
  'invalid-name': [
    'That is not the name of a vault.',
    'A name is 1 to 255 bytes of text on one line, without control characters.',
  ],
  'invalid-key': ['That is not the key of a vault.', 'A key is 1 to 65,536 bytes.'],
  'unsafe-place': [
    'The directory for sessions can be used by somebody else, or is not what it should be.',
    'Find out who made it, and remove it.',
  ],
  'no-place': ['There is no directory for sessions.', 'Set XDG_RUNTIME_DIR or HOME.'],
  'no-room': ['There is no room for sessions in memory.', 'Log out of sessions that are not needed.'],
} as const;

/** A stable name for each refusal. */
export type SessionRefusalCode = keyof typeof refusals;

/** A refusal. Its words hold nothing that was given. */
export interface Refused {
  readonly kind: 'refused';
  readonly code: SessionRefusalCode;
  /** What is wrong. */
  readonly text: string;
  /** What to do about it. */
  readonly hint: string;
}

/** Makes a refusal. */
export const refuse = (code: SessionRefusalCode): Refused => {
  const [text, hint] = refusals[code];
  return { kind: 'refused', code, text, hint };
};

/** Whether that is a refusal. */
export const isRefused = (value: object): value is Refused => 'kind' in value && value.kind === 'refused';
