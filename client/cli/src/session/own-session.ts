// The session of the shell that a command was typed in.

import { openSession, type ShellSession } from '@chatelaine/session';
import { Failure } from '../failure.ts';
import { orFail } from './failure-of.ts';

/** The environment variable that holds the token. */
export const TOKEN_VARIABLE = 'CHATELAINE_SESSION';

/** The token of the environment; empty counts as none. */
export const tokenOfEnvironment = (): string | undefined => process.env[TOKEN_VARIABLE] || undefined;

/** Opens the session; the caller disposes of it. Without one the command ends. */
export const openOwnSession = (): ShellSession => {
  const token = tokenOfEnvironment();
  if (token === undefined) {
    throw new Failure(
      'noToken',
      `There is no session: ${TOKEN_VARIABLE} is not set.`,
      'eval "$(chatelaine session token --export)" begins one in this shell.',
    );
  }
  return orFail(openSession(token)).session;
};
