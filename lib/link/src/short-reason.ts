// Why a connection is gone, in a few words for the log.

/** OpenSSL's messages carry addresses and file names; its codes say the same. */
export const shortReason = (error: Error): string => {
  const { code } = error as NodeJS.ErrnoException;
  return code ?? error.message;
};
