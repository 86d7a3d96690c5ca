// A machine as Debian makes one: keys and stanza by mandos-keygen, fetching by mandos-client.

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Finished, runProgram, runToSuccess } from './run-program.ts';

/** A machine with keys of its own. */
export interface MandosMachine {
  readonly name: string;
  readonly keyDir: string;
  /** The section of clients.conf that mandos-keygen prints. */
  readonly stanza: string;
  /**
   * Runs mandos-client once. It never gives up by itself: after `patienceMs` it is stopped, and has no exit code. `enter` is a
   * command that runs it in another network.
   */
  readonly fetch: (port: number, patienceMs?: number, enter?: readonly string[]) => Promise<Finished>;
  /** The same in a network namespace, without being told where the server is. */
  readonly find: (namespace: string) => Promise<Finished>;
}

const FETCH_PATIENCE_MS = 20_000;

const clientProgram = (): string => {
  for (const directory of readdirSync('/usr/lib')) {
    const program = `/usr/lib/${directory}/mandos/plugins.d/mandos-client`;
    try {
      readdirSync(path.dirname(program));
      return program;
    } catch {
      // Not the directory of this architecture.
    }
  }
  throw new Error('mandos-client is not installed: scripts/setup --peers');
};

/**
 * Makes a machine below `directory`. Small RSA keys, unless it is about time: Debian's default takes seconds and proves
 * nothing more.
 */
export const createMandosMachine = async (
  directory: string,
  name: string,
  password: string,
  rsaBits = 2_048,
): Promise<MandosMachine> => {
  const keyDir = path.join(directory, name);
  mkdirSync(keyDir, { mode: 0o700 });
  const passwordFile = path.join(keyDir, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  const common = ['--dir', keyDir, '--name', name];
  await runToSuccess('/usr/sbin/mandos-keygen', [...common, '--length', `${rsaBits}`, '--sublength', `${rsaBits}`]);
  const stanza = await runToSuccess('/usr/sbin/mandos-keygen', [...common, '--passfile', passwordFile, '--no-ssh']);
  return { ...machineWithKeys(keyDir, name), stanza };
};

/** Options of mandos-client, and of ours, that name the keys in a directory. */
export const keyOptions = (keyDir: string): readonly string[] => [
  `--pubkey=${keyDir}/pubkey.txt`,
  `--seckey=${keyDir}/seckey.txt`,
  `--tls-pubkey=${keyDir}/tls-pubkey.pem`,
  `--tls-privkey=${keyDir}/tls-privkey.pem`,
];

/** The stock client with keys that are there. */
export const machineWithKeys = (keyDir: string, name: string): Omit<MandosMachine, 'stanza'> => {
  const keys = keyOptions(keyDir);
  return {
    name,
    keyDir,
    fetch: (port, patienceMs = FETCH_PATIENCE_MS, enter = []) => {
      const place = ['--interface=none', `--connect=127.0.0.1:${port}`];
      const command = [...enter, clientProgram(), ...place, '--retry=1', ...keys];
      return runProgram(command[0] ?? '', command.slice(1), { patienceMs });
    },
    find: (namespace) => {
      const args = ['netns', 'exec', namespace, clientProgram(), '--retry=1', ...keys];
      return runProgram('ip', args, { patienceMs: FETCH_PATIENCE_MS });
    },
  };
};
