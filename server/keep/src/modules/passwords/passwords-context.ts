// What the parts of this module share while the keep is open: who has the turn with a key, who listens, and the formats. None of it
// is on record.

import type { passwords } from '@chatelaine/contract';
import type { PasswordFormat } from '@chatelaine/password-hash';
import { Hub } from '../../kernel/hub.ts';
import type { Call, ModuleServices } from '../../kernel/module.ts';
import { principalId } from '../../kernel/principal.ts';
import { Turns } from './turns.ts';

export class PasswordsContext {
  readonly services: ModuleServices;
  readonly turns = new Turns();
  readonly events = new Hub<passwords.PasswordEvent>({ kind: 'overrun' });
  #formats: Promise<ReadonlyMap<string, PasswordFormat>> | undefined;

  constructor(services: ModuleServices) {
    this.services = services;
  }

  /** Of the store: it grows when a backup is restored. */
  get epoch(): number {
    return this.services.epoch.number;
  }

  /** Every format; loaded when the first one is needed. */
  formats(): Promise<ReadonlyMap<string, PasswordFormat>> {
    this.#formats ??= import('@chatelaine/password-hash').then(({ formats }) => formats);
    return this.#formats;
  }

  /** Waits for the turn with a key; false: too many wait. */
  takeKey(call: Pick<Call<unknown>, 'request' | 'whenOver'>, key: string): Promise<boolean> {
    return this.turns.take(call, `key ${key}`);
  }

  /** After the commit, tells whoever listens. */
  tell(
    call: Pick<Call<unknown>, 'afterCommit' | 'principal'>,
    kind: 'set' | 'deleted',
    key: string,
    format?: string,
  ): void {
    const by = principalId(call.principal);
    call.afterCommit(() =>
      this.events.tell({
        kind,
        key,
        ...(format !== undefined && { format }),
        by,
      }),
    );
  }
}
