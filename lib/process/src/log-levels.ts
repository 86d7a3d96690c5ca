// The levels of the log, apart from it so that reading a configuration does not load the log.

/** From the loudest on: what went wrong, what may, what happened, what is of use when looking for a fault. */
export const logLevels = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof logLevels)[number];
