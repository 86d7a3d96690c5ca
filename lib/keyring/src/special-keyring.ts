// The ids that stand for the keyrings of whoever asks. keyrings(7), linux/keyctl.h

/** Negative ids that the kernel resolves for the calling thread. */
export const specialKeyring = {
  /** Gone with the thread; a good scratch place inside one synchronous function. */
  thread: -1,
  /** In truth one a thread that hands it on: keep nothing in it. */
  process: -2,
  /** Inherited from the login. Never write to it without having looked whether there is one. */
  session: -3,
  /** The uid's own, as long as the uid has a process. */
  user: -4,
  /** What stands in for a session where there is none. */
  userSession: -5,
  /** Not implemented by the kernel. */
  group: -6,
  /** For request-key programs. */
  requestKeyAuthorisation: -7,
  /** For request-key programs. */
  requestor: -8,
} as const;
