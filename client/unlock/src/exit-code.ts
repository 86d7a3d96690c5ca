// How the programs of a boot end. sysexits(3), and what mandos-client's and plugin-runner's callers know.

export const exitCode = {
  done: 0,
  /** No, or not yet; for mandos-client: there is no network interface. */
  failed: 1,
  /** The command line. Help ends with it too: who waits for a password must not take help for one. */
  usage: 64,
  /** Keys that cannot be used, a service that is not there. */
  unavailable: 69,
  /** The system, or a fault of the program. */
  system: 71,
  /** A file that is missing or cannot be made. */
  file: 72,
  io: 74,
  configuration: 78,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** Ends the program; the text is shown to the person, and never has anything secret in it. */
export class EndedError extends Error {
  override readonly name = 'EndedError';
  readonly code: ExitCode;
  readonly hint: string | undefined;

  constructor(code: ExitCode, text: string, hint?: string) {
    super(text);
    this.code = code;
    this.hint = hint;
  }
}
