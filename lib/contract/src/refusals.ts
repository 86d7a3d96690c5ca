// The one table of refusals. A refusal is a value with a stable code; bugs throw. Codes are never renamed or reused.
// `text` is what a peer may read; `hint` says what to do. Neither ever contains input, which may be secret.

interface RefusalText {
  readonly text: string;
  readonly hint: string;
}

/** Every refusal code with its public text and what to do about it. */
export const refusals = {
  denied: {
    text: 'Not allowed.',
    hint: 'Ask for a grant: chatelaine policy test WHO CAPABILITY PATH explains the answer.',
  },
  unauthenticated: {
    text: 'No valid token.',
    hint: 'Send one that is neither expired nor revoked; chatelaine token create makes it.',
  },
  'too-many-requests': { text: 'Too many requests.', hint: 'Wait as long as Retry-After says.' },
  sealed: { text: 'The keep is sealed.', hint: 'Open it with: chatelaine unseal' },
  'not-sealed': { text: 'The keep is open already.', hint: 'Nothing needs to be done.' },
  'not-found': { text: 'No such record.', hint: 'Check the name.' },
  'already-exists': {
    text: 'That name or key is taken.',
    hint: 'Choose another name, or replace the present one explicitly.',
  },
  disabled: { text: 'The machine is disabled.', hint: 'If it should have its secret: chatelaine machine enable NAME' },
  expired: {
    text: 'The machine went silent for longer than it may.',
    hint: 'If it is where it should be: chatelaine machine enable NAME',
  },
  'clock-behind': {
    text: 'The clock of this server is behind; until then no time can be trusted.',
    hint: 'Set the clock, or if it is right: chatelaine clock confirm',
  },
  'no-watch': { text: 'Nobody looks at machines at the moment.', hint: 'See whether the watch runs.' },
  'outside-window': { text: 'Not at this time of the day.', hint: 'Its hours are among its settings.' },
  'not-approved': { text: 'A person said no.', hint: 'Ask them; a new request can be approved.' },
  'not-an-approver': { text: 'That person may not approve this.', hint: 'chatelaine pending names who may.' },
  'needs-signatures': {
    text: 'Named people have to sign each request of this machine.',
    hint: 'chatelaine pending shows the request; chatelaine approve REQUEST --key FILE signs it.',
  },
  'needs-code': {
    text: 'Somebody has to give a one-time code for each request of this machine.',
    hint: 'chatelaine pending says who; chatelaine approve NAME --code gives it.',
  },
  'pending-approval': { text: 'A person has to approve first.', hint: 'Approve it, then ask again.' },
  stale: { text: 'The handshake is too old.', hint: 'Connect again.' },
  'bad-proof': {
    text: 'The handshake does not prove the key.',
    hint: 'Connect again; if it stays, the gate is not to be trusted.',
  },
  replayed: { text: 'This was used already.', hint: 'Make a new one.' },
  'wrong-code': {
    text: 'That code is not accepted.',
    hint: 'A code counts once: take the next one. After many wrong ones, wait some minutes.',
  },
  'wrong-credentials': {
    text: 'That user, password or code is not accepted.',
    hint: 'A code counts once: take the next one. After many wrong ones, wait some minutes.',
  },
  'password-expired': {
    text: 'The password is right, and has to be changed first.',
    hint: 'Change it where the directory lets people do so.',
  },
  'account-barred': {
    text: 'The directory does not let this account in now.',
    hint: 'Ask those who keep the directory; the audit says why: chatelaine audit list --object ldap/USER',
  },
  'directory-unavailable': {
    text: 'The directory does not answer.',
    hint: 'Try again later; chatelaine ldap test says what is wrong.',
  },
  'plain-is-gone': {
    text: 'The password itself is not kept any more, and a new one would replace what is in use.',
    hint: 'To begin anew: chatelaine password reset KEY plain',
  },
  'shown-once': {
    text: 'The password is shown once only.',
    hint: 'chatelaine password show-once KEY shows it, unless it is being shown to somebody.',
  },
  conflict: { text: 'Something else changed it meanwhile.', hint: 'Look at it again, then repeat.' },
  'invalid-input': { text: 'The request does not have the declared form.', hint: 'Correct the named field.' },
  'unknown-operation': {
    text: 'No loaded module answers this.',
    hint: 'Name the module in keep.modules, or update the older side.',
  },
  'too-large': { text: 'It is larger than the limit.', hint: 'Split it up.' },
  busy: { text: 'Too much to do at the moment.', hint: 'Try again in a moment.' },
  'disk-full': { text: 'The disk is full; nothing was changed.', hint: 'Free some space; writing goes on by itself.' },
  'wrong-key': {
    text: 'No key slot opens with this.',
    hint: 'Try another pass phrase or key file; chatelaine keyslot list names the slots.',
  },
  'weak-pass-phrase': {
    text: 'The pass phrase is too short.',
    hint: 'Use at least 12 characters; several words are best.',
  },
  'too-many-keyslots': { text: 'All eight slots of this kind are taken.', hint: 'Remove one first.' },
  'last-keyslot': {
    text: 'This is the last key slot that opens anywhere; without it a backup would be of no use.',
    hint: 'Add a pass phrase, a key file or shares first.',
  },
  'old-keyslot': {
    text: 'A key slot was made by an earlier version and cannot be given another root key.',
    hint: 'Open the keep with it once, or remove it.',
  },
  damaged: {
    text: 'A stored record is damaged.',
    hint: 'Restore a backup; chatelaine audit verify names what is broken.',
  },
  'rolled-back': {
    text: 'The store is older than its anchor: somebody put back an old copy.',
    hint: 'Find the current store; do not delete the anchor.',
  },
  'anchor-missing': {
    text: 'The anchor outside the store is missing.',
    hint: 'Bring back the anchor file; without it an old copy could not be told from the current store.',
  },
  'unsupported-format': { text: 'Written by a newer version.', hint: 'Install that version or a later one.' },
  'wrong-purpose': {
    text: 'A store made for development is not opened in production, nor the other way round.',
    hint: 'Use the store that belongs here.',
  },
  cancelled: { text: 'The caller gave up.', hint: 'Nothing needs to be done.' },
  deadline: {
    text: 'It took longer than the caller was willing to wait.',
    hint: 'Ask again with the same request id: a change is made only once.',
  },
  unavailable: { text: 'The keep cannot be reached.', hint: 'See whether it runs: chatelaine status' },
  internal: { text: 'Something went wrong inside; it is in the log.', hint: 'Look at the log of the keep.' },
} as const satisfies Record<string, RefusalText>;

/** A stable code of the table. */
export type RefusalCode = keyof typeof refusals;

/** A refusal as a value. */
export interface Refused {
  readonly kind: 'refused';
  readonly code: RefusalCode;
  /** The field of the input that is wrong, as a dotted path; only with `invalid-input` and `conflict`. */
  readonly field?: string;
  /** What is wrong with it, in words without the input itself. */
  readonly message?: string;
}

/** An answer that is not a refusal. */
export interface Ok<T> {
  readonly kind: 'ok';
  readonly value: T;
}

/** What every operation comes back with. */
export type Result<T> = Ok<T> | Refused;

/** Wraps an answer. */
export const ok = <T>(value: T): Ok<T> => ({ kind: 'ok', value });

/** Makes a refusal. */
export const refuse = (
  code: RefusalCode,
  detail: { readonly field?: string; readonly message?: string } = {},
): Refused => ({
  kind: 'refused',
  code,
  ...detail,
});

/** Whether a string is a code of the table. */
export const isRefusalCode = (code: string): code is RefusalCode => Object.hasOwn(refusals, code);

/** A refusal in words, for people: what is wrong, and what to do. */
export const explainRefusal = (refused: Refused): { readonly text: string; readonly hint: string } => {
  const { text, hint } = refusals[refused.code];
  const field = refused.field === undefined ? '' : `${refused.field}: `;
  return {
    text: refused.message === undefined ? text : `${text.replace(/\.$/, '')}: ${field}${refused.message}.`,
    hint,
  };
};
