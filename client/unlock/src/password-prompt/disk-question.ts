// The question for a disk, in the words of Debian's askpass, from the variables that cryptsetup's scripts set. crypttab(5)

/** Without the colon at its end. */
export const diskQuestion = (environment: NodeJS.ProcessEnv): string => {
  const source = environment['CRYPTTAB_SOURCE'] ?? environment['cryptsource'];
  const name = environment['CRYPTTAB_NAME'] ?? environment['crypttarget'];
  if (source === undefined && name === undefined) return 'Enter passphrase to unlock the disk';
  const words = ['Unlocking the disk', source, name === undefined ? undefined : `(${name})`];
  return `${words.filter((word) => word !== undefined).join(' ')}\nEnter passphrase`;
};
