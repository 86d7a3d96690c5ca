// The path a `secfile` means: `$VAR`, `${VAR}`, `~` and `~user` are expanded as Python's os.path does it.

/** What the expansion looks up; passed in for tests. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The text of /etc/passwd. */
  readonly passwd: string;
  readonly uid: number;
}

const homeOf = (isIt: (name: string, uid: string) => boolean, passwd: string): string | undefined =>
  passwd
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name, , uid]) => name !== undefined && uid !== undefined && isIt(name, uid))?.[5];

/** Expands a path. What is not known is left as it stands. */
export const expandSecretFilePath = (path: string, { environment, passwd, uid }: Surroundings): string => {
  const withVariables = path.replace(/\$(?:\{([^}]*)\}|([A-Za-z0-9_]+))/g, (whole, braced, plain) => {
    const name: string = braced ?? plain;
    return Object.hasOwn(environment, name) ? (environment[name] ?? whole) : whole;
  });
  if (!withVariables.startsWith('~')) return withVariables;
  const slash = withVariables.indexOf('/');
  const user = withVariables.slice(1, slash < 0 ? undefined : slash);
  const home =
    user === ''
      ? (environment['HOME'] ?? homeOf((_, itsUid) => itsUid === String(uid), passwd))
      : homeOf((name) => name === user, passwd);
  if (home === undefined) return withVariables;
  return `${home.replace(/\/+$/, '')}${slash < 0 ? '' : withVariables.slice(slash)}` || '/';
};
