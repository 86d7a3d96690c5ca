// What `chatelaine-unlock` can do besides getting the password, by name. Each is loaded only when it is called: what runs at
// boot pays for nothing else. A new one is a folder and one entry here.

/**
 * Runs a subcommand and gives its exit code. An `EndedError` ends it with that code, and a line on stderr.
 *
 * @param words what stands behind its name on the command line
 */
export type RunSubcommand = (words: readonly string[]) => Promise<number>;

export interface Subcommand {
  /** One line for the help. */
  readonly summary: string;
  readonly load: () => Promise<RunSubcommand>;
}

export const subcommands: ReadonlyMap<string, Subcommand> = new Map<string, Subcommand>([
  [
    'keygen',
    {
      summary: 'makes the keys of this machine, or new ones',
      load: async () => (await import('./keygen/run-keygen.ts')).runKeygen,
    },
  ],
  [
    'heartbeat',
    {
      summary: 'says to the servers that this machine is alive',
      load: async () => (await import('./heartbeat/run-heartbeat.ts')).runHeartbeat,
    },
  ],
  [
    'agent',
    {
      summary: "answers systemd's questions for the passwords of disks",
      load: async () => (await import('./password-agent/password-agent.ts')).runAgent,
    },
  ],
  [
    'key-socket',
    {
      summary: 'gives systemd keys of volumes and credentials of services',
      load: async () => (await import('./key-socket/key-socket.ts')).serveKeySocket,
    },
  ],
  [
    'plugin-runner',
    {
      summary: 'runs plugins, and prints what the first of them prints that succeeds',
      load: async () => (await import('./plugin-runner/plugin-runner.ts')).runPlugins,
    },
  ],
  [
    'password-prompt',
    {
      summary: 'a plugin: asks at the terminal',
      load: async () => (await import('./password-prompt/password-prompt.ts')).promptForPassword,
    },
  ],
  [
    'askpass-fifo',
    {
      summary: 'a plugin: reads the FIFO of cryptsetup',
      load: async () => (await import('./askpass-fifo/askpass-fifo.ts')).readAskpassFifo,
    },
  ],
  [
    'plymouth',
    {
      summary: 'a plugin: asks through the boot splash',
      load: async () => (await import('./plymouth/plymouth.ts')).askThroughPlymouth,
    },
  ],
]);

/** The lines of the help that name them. */
export const subcommandHelp = (): string => {
  const lines = [...subcommands].map(([name, { summary }]) => `  ${name.padEnd(34)} ${summary}\n`);
  return `\nCommands; COMMAND --help says more:\n\n${lines.join('')}`;
};
