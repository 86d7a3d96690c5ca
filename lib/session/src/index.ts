// Keys that live as long as a shell.

export { type Clock, type Moment, systemClock } from './clock.ts';
export { LibcryptMissingError } from './old-token/bcrypt-digest.ts';
export { type OldGeneration, type OldSurroundings, readOldSurroundings } from './old-token/old-identities.ts';
export {
  isOldToken,
  type OldTokenOpened,
  type OldTokenOptions,
  oldSessionIdOf,
  openOldToken,
} from './old-token/old-token.ts';
export { type Opened, openSession } from './open-session.ts';
export { isRefused, type Refused, type SessionRefusalCode } from './refusal.ts';
export type { SessionOptions } from './session-options.ts';
export type { Environment, PlaceOptions } from './session-place.ts';
export type { SessionFacts } from './session-record.ts';
export type { Done, OpenedVault, OpenVault, SealedVault, ShellSession, VaultKey } from './shell-session.ts';
export {
  DEFAULT_IDLE_MS,
  DEFAULT_LIFETIME_MS,
  type Started,
  type StartOptions,
  startSession,
} from './start-session.ts';
export { type Leader, readSurroundings, type Surroundings } from './surroundings.ts';
export { endAllSessions, sweepSessions } from './sweep-sessions.ts';
