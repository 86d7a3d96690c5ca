// `chatelaine session token`: begins the session of this shell, once.

import { isRefused, openSession, startSession } from '@chatelaine/session';
import { parseDuration } from '../clients-conf/duration.ts';
import { Failure } from '../failure.ts';
import { print, say } from '../terminal/output.ts';
import { orFail } from './failure-of.ts';
import { TOKEN_VARIABLE, tokenOfEnvironment } from './own-session.ts';

export interface TokenOptions {
  readonly export?: boolean;
  readonly new?: boolean;
  readonly idle?: string;
  readonly lifetime?: string;
  readonly toTerminal?: boolean;
}

const spanOf = (text: string, option: string): number => {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new Failure('usage', `--${option} is not a span of time.`, 'Write it like 8h, 2d or "1d 12h".');
};

/** The token that this shell already has, if it is good here. */
const tokenInUse = (): string | undefined => {
  const token = tokenOfEnvironment();
  const opened = token === undefined ? undefined : openSession(token);
  if (opened === undefined || isRefused(opened)) return undefined;
  opened.session[Symbol.dispose]();
  return token;
};

const begin = ({ idle, lifetime }: TokenOptions): string => {
  const { token, session } = orFail(
    startSession({
      ...(idle === undefined ? {} : { idleMs: spanOf(idle, 'idle') }),
      ...(lifetime === undefined ? {} : { lifetimeMs: spanOf(lifetime, 'lifetime') }),
    }),
  );
  const { isInMemory } = session;
  session[Symbol.dispose]();
  if (!isInMemory) {
    say('warning: there is no directory in memory, so keys are kept on disk, and whoever reads both it and the');
    say('environment of this shell can open them. Set XDG_RUNTIME_DIR to a directory of your own on a tmpfs.');
  }
  return token;
};

export const printToken = async (options: TokenOptions): Promise<void> => {
  if (process.stdout.isTTY && options.toTerminal !== true) {
    throw new Failure(
      'usage',
      'The token is not shown on a terminal.',
      'eval "$(chatelaine session token --export)" begins a session in this shell.',
    );
  }
  const token = (options.new === true ? undefined : tokenInUse()) ?? begin(options);
  await print(options.export === true ? `export ${TOKEN_VARIABLE}=${token}\n` : `${token}\n`);
};
