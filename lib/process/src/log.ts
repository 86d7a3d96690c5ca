// What the house logs, and where to. Invariant: a secret cannot get into a log by being passed along: fields named like
// one, byte arrays and whatever an error carries besides its own words are replaced before anything is written.

import { isatty } from 'node:tty';
import { type DestinationStream, type Level, type Logger, pino } from 'pino';
import type { LogLevel } from './log-levels.ts';
import { prettyLines } from './pretty-lines.ts';
import { redactedFields } from './redacted-fields.ts';
import { standardError } from './standard-error.ts';
import { openSyslog } from './syslog.ts';

/** Writes one entry: the words alone, or facts and words. Facts are redacted; the words are not, so never build them from input. */
export interface LogFunction {
  (message: string): void;
  (fields: object, message: string): void;
}

/** A log. Writing never throws, and what nobody can take is dropped. */
export interface Log {
  readonly error: LogFunction;
  readonly warn: LogFunction;
  readonly info: LogFunction;
  readonly debug: LogFunction;
  /** A log whose entries all carry `fields`. */
  child(fields: object): Log;
}

/** How a process logs. */
export interface LogSettings {
  /** The process's short name; its entries in syslog are marked `chatelaine-NAME`. */
  readonly process: string;
  /** Entries below it are dropped. Default `info`. */
  readonly level?: LogLevel;
  /** Default `stderr`. `syslog` is facility daemon through the daemon's socket, and standard error as long as nothing listens there. */
  readonly target?: 'stderr' | 'syslog';
  /** The daemon's socket. Default `/dev/log`. */
  readonly socket?: string;
  /** Lines for people instead of JSON; default: whether standard error is a terminal. Only with `stderr`. */
  readonly pretty?: boolean;
  /** Replaces both targets, for tests. */
  readonly destination?: DestinationStream;
}

const wrapped = (logger: Logger): Log => {
  const at = (level: Level): LogFunction => {
    const write = (fields: object | string, message?: string): void => {
      if (!logger.isLevelEnabled(level)) return;
      if (typeof fields === 'string') logger[level](fields);
      else logger[level](redactedFields(fields), message);
    };
    return write;
  };
  return {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    child: (fields) => wrapped(logger.child(redactedFields(fields))),
  };
};

const destinationOf = (settings: LogSettings): DestinationStream => {
  if (settings.destination !== undefined) return settings.destination;
  if (settings.target === 'syslog') return openSyslog(`chatelaine-${settings.process}`, settings.socket);
  return (settings.pretty ?? isatty(2)) ? prettyLines(standardError) : standardError;
};

/**
 * Opens the log of a process.
 *
 * @example
 * ```ts
 * const log = createLog({ process: 'keep', level: config.log.level, target: config.log.target });
 * log.info({ modules: ['machines'] }, 'ready');
 * ```
 */
export const createLog = (settings: LogSettings): Log => {
  const isSyslog = settings.target === 'syslog' && settings.destination === undefined;
  const options = {
    level: settings.level ?? 'info',
    // The process id is in the prefix of a syslog datagram, and so is the time.
    base: isSyslog ? null : { process: settings.process, pid: process.pid },
    timestamp: isSyslog ? false : pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    // Errors are redacted already; pino's own reading of them would add to it.
    serializers: { err: (value: unknown) => value },
  };
  return wrapped(pino(options, destinationOf(settings)));
};

/** A log that writes nothing, for tests. */
export const silentLog: Log = {
  error: () => {},
  warn: () => {},
  info: () => {},
  debug: () => {},
  child: () => silentLog,
};
