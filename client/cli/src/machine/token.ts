// `chatelaine machine token`: a token of the machine itself, printed, or at a descriptor of a command that it is renewed for.

import { hostname } from 'node:os';
import { machines } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { parseFingerprint } from '../server/fingerprint.ts';
import { parseServerAddress } from '../server/server-address.ts';
import { print } from '../terminal/output.ts';
import { parseDurationOption } from './duration-option.ts';
import { logInAsMachine, type MachineAtServer, readMachineKey } from './log-in.ts';

export interface MachineTokenOptions extends GlobalOptions {
  readonly key: string;
  readonly name?: string;
  readonly life?: string;
  readonly fingerprint?: string;
  readonly store?: string;
}

const lifeOf = (text: string | undefined): number => {
  const lifeMs = text === undefined ? machines.MACHINE_TOKEN_LIFE_MS : parseDurationOption(text, '--life');
  if (lifeMs >= 1_000 && lifeMs <= machines.MAX_MACHINE_TOKEN_LIFE_MS) return lifeMs;
  throw new Failure('usage', '--life is one second at least and one hour at most.');
};

const machineOf = (options: MachineTokenOptions): MachineAtServer => {
  const address = options.server ?? (process.env['CHATELAINE_SERVER'] || undefined);
  if (address === undefined)
    throw new Failure('usage', '--server is missing.', 'Such as https://keys.example.org:8443.');
  return {
    server: parseServerAddress(address),
    fingerprint: options.fingerprint === undefined ? undefined : parseFingerprint(options.fingerprint),
    name: options.name ?? hostname(),
    key: readMachineKey(options.key),
    lifeMs: lifeOf(options.life),
    storeId: options.store,
  };
};

/** Gives the exit code: that of the command, if there is one. */
export const machineToken = async (command: readonly string[], options: MachineTokenOptions): Promise<number> => {
  const machine = machineOf(options);
  const token = await logInAsMachine(machine);
  try {
    const [program, ...args] = command;
    if (program !== undefined) {
      const { runWithToken } = await import('./run-with-token.ts');
      return await runWithToken([program, ...args], token, machine);
    }
    await print(`${Buffer.from(token).toString('latin1')}\n`);
    return 0;
  } finally {
    token.fill(0);
  }
};
