// `chatelaine keyring exec`

import { type ExitName, exitCodes } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { becomeProgram, type HandedSecret } from './become-program.ts';
import type { KeyringOptions } from './keyring-options.ts';
import { type AnyStore, openStore } from './open-store.ts';
import { refusing } from './refusals.ts';

export interface ExecOptions extends KeyringOptions {
  readonly secret?: readonly string[];
}

const MAX_DESCRIPTOR = 255;
const FIRST_FREE = 3;

/** One `--secret WHERE=SERVICE:USER`. */
interface Wish {
  /** Undefined: any that is free, told by the variable. */
  readonly descriptor: number | undefined;
  readonly variable: string | undefined;
  readonly service: string;
  readonly user: string;
}

const parseWish = (text: string): Wish => {
  const [, where = '', service, user] = /^([^=]*)=([^:]*):(.*)$/s.exec(text) ?? [];
  if (service === undefined || user === undefined) {
    throw new Failure(
      'usage',
      `--secret is WHERE=SERVICE:USER, such as DB_PASSWORD_FILE=database:web or 3=database:web.`,
    );
  }
  if (/^\d{1,3}$/.test(where) && Number(where) <= MAX_DESCRIPTOR) {
    return { descriptor: Number(where), variable: undefined, service, user };
  }
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(where)) return { descriptor: undefined, variable: where, service, user };
  throw new Failure('usage', '--secret is given to a descriptor from 0 to 255, or to a variable that gets its path.');
};

/** Gives every wish a descriptor of its own. */
const assignDescriptors = (wishes: readonly Wish[]): readonly number[] => {
  const taken = new Set<number>();
  for (const { descriptor } of wishes) {
    if (descriptor === undefined) continue;
    if (taken.has(descriptor)) throw new Failure('usage', `Descriptor ${descriptor} is given two secrets.`);
    taken.add(descriptor);
  }
  return wishes.map(({ descriptor }) => {
    if (descriptor !== undefined) return descriptor;
    let free = FIRST_FREE;
    while (taken.has(free)) free++;
    taken.add(free);
    return free;
  });
};

const fetchSecrets = (
  store: AnyStore,
  wishes: readonly Wish[],
  descriptors: readonly number[],
): readonly HandedSecret[] | undefined => {
  const secrets: HandedSecret[] = [];
  const wipeAll = (): void => {
    for (const { secret } of secrets) secret.fill(0);
  };
  try {
    for (const [index, { service, user }] of wishes.entries()) {
      const secret = store.getPassword(service, user);
      if (secret === undefined) {
        process.stderr.write(`chatelaine: There is no entry for --secret number ${index + 1}.\n`);
        wipeAll();
        return undefined;
      }
      secrets.push({ descriptor: descriptors[index] ?? 0, secret });
    }
    return secrets;
  } catch (error) {
    wipeAll();
    throw error;
  }
};

export const execWithSecrets = (command: readonly string[], options: ExecOptions): Promise<ExitName> =>
  refusing(async (): Promise<ExitName> => {
    const [program, ...args] = command;
    if (program === undefined) throw new Failure('usage', 'There is no command to run.');
    const wishes = (options.secret ?? []).map(parseWish);
    const descriptors = assignDescriptors(wishes);
    const secrets = fetchSecrets(await openStore(options), wishes, descriptors);
    if (secrets === undefined) return 'refused';
    for (const [index, { variable }] of wishes.entries()) {
      if (variable !== undefined) process.env[variable] = `/dev/fd/${descriptors[index]}`;
    }
    // Our launcher's, for us alone.
    delete process.env['NODE_COMPILE_CACHE'];
    return becomeProgram([program, ...args], secrets, exitCodes.usage.code);
  });
