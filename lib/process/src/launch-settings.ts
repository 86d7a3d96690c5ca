// How the runtime is started for a process of the server. bin/launch says the same to the shell; a test compares the two.

/**
 * Small young generation, and garbage collected before it doubles what lives (measured to keep the keep's memory flat over
 * 50,000 fetches; with half of that, reading passwords costs a tenth more of the processor; with twice as much, the gate holds
 * 10 MB more); no debugger: a signal from the same account would otherwise open one on a local port. SQLite in Node.js is
 * announced as experimental at every start.
 */
export const processFlags: readonly string[] = [
  '--max-semi-space-size=4',
  '--heap-growing-percent=15',
  '--disable-sigusr1',
  '--disable-warning=ExperimentalWarning',
];

/** One heap of the C library for all threads: measured to keep the gate's memory flat. */
export const processVariables: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: '1' };

/** What would load foreign code, open a debugger, or write keys and traffic to a log. */
export const removedVariables: readonly string[] = [
  'NODE_OPTIONS',
  'NODE_PATH',
  'NODE_DEBUG',
  'NODE_DEBUG_NATIVE',
  'NODE_V8_COVERAGE',
  'NODE_COMPILE_CACHE',
  'NODE_REDIRECT_WARNINGS',
  'NODE_EXTRA_CA_CERTS',
  'NODE_TLS_REJECT_UNAUTHORIZED',
  'SSLKEYLOGFILE',
  'GNUTLS_DEBUG_LEVEL',
  'OPENSSL_CONF',
  'OPENSSL_MODULES',
];
