// The workflow of lib/passwords for one attempt of one request: over the records of its transaction, at its moment, with the settings
// that are on record.

import type { Refused } from '@chatelaine/contract';
import { refuse } from '@chatelaine/contract';
import {
  type CreateOptions,
  mergeOptions,
  type PasswordChange,
  PasswordStoreError,
  Passwords,
} from '@chatelaine/passwords';
import type { Call } from '../../kernel/module.ts';
import type { ModuleTransaction } from '../../kernel/module-transaction.ts';
import { optionDefaults, readSettings } from './keep-settings.ts';
import type { PasswordsContext } from './passwords-context.ts';
import { TransactionStore } from './transaction-store.ts';

const SERIALS = '_all_serials';

export interface WorkflowOptions {
  readonly options?: CreateOptions;
  readonly keepsDerived?: boolean;
}

/** What a request works with. */
export interface Workflow {
  readonly passwords: Passwords;
  readonly graceSeconds: number;
  /** Whether a key that is made now shows its password once only. */
  readonly hashOnly: boolean;
  /** What was changed so far. */
  readonly changes: readonly PasswordChange[];
}

/** Lets `act` work; whatever was copied for it is wiped. A store that is too busy is a refusal. */
export const withWorkflow = async <Result>(
  context: PasswordsContext,
  call: Pick<Call<unknown>, 'request' | 'whenOver' | 'moment'>,
  tx: ModuleTransaction,
  { options = {}, keepsDerived = false }: WorkflowOptions,
  act: (workflow: Workflow) => Promise<Result>,
): Promise<Result | Refused> => {
  const settings = await readSettings(tx);
  const defaults = optionDefaults(settings);
  const { nowUnixMs } = call.moment;
  const merged = mergeOptions(options, defaults);
  const hashOnly = merged.kind === 'merged' && merged.options['hash_only'] === true;
  const waitFor = async (key: string): Promise<void> => {
    // Two certificates of one authority would else be signed with the same serial, and one of them again.
    if (!key.endsWith(SERIALS) || (await context.turns.take(call, `serials ${key}`))) return;
    throw new PasswordStoreError('busy', 'too many certificates of one authority are being signed');
  };
  const store = new TransactionStore({ tx, nowUnixMs, epoch: context.epoch, hashOnly, keepsDerived, waitFor });
  const changes: PasswordChange[] = [];
  const random = (target: Uint8Array): void => {
    const bytes = context.services.random(target.length);
    target.set(bytes);
    bytes.fill(0);
  };
  try {
    const passwords = new Passwords({
      store,
      formats: await context.formats(),
      defaults,
      nowUnixMs: () => nowUnixMs,
      random,
      manner: 'safe',
      onChange: (change) => changes.push(change),
    });
    return await act({
      passwords,
      graceSeconds: settings.graceSeconds,
      hashOnly,
      changes,
    });
  } catch (error) {
    if (error instanceof PasswordStoreError && error.code === 'busy') return refuse('busy');
    throw error;
  } finally {
    store.close();
  }
};
