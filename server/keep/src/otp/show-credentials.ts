// Credentials as they are shown: never their seeds.

import type { ModuleServices } from '../kernel/module.ts';
import type { ModuleTransaction } from '../kernel/module-transaction.ts';
import type { CommonCredential, CountedKind } from './counted-kind.ts';
import { credentialsOfPresentUser, isConfirmed, listCredentials } from './credentials-record.ts';
import { settled } from './settled.ts';
import type { TryBudget } from './try-budget.ts';

interface Asked {
  readonly user?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** A credential that is to be shown. */
export interface Shown<C> {
  readonly user: string;
  readonly credential: C;
  readonly isConfirmed: boolean;
}

/** What every credential is shown with. */
export const commonView = <C extends CommonCredential>(
  kind: Pick<CountedKind<C>, 'afterRestore'>,
  { epoch }: ModuleServices,
  budget: TryBudget,
  { user, credential, isConfirmed }: Shown<C>,
) => {
  const { name, digits, algorithm, createdAtUnixMs, lastUsedAtUnixMs } = credential;
  const counts = settled(kind, credential, epoch) !== undefined;
  const state = !isConfirmed ? ('unconfirmed' as const) : counts ? ('active' as const) : ('waits' as const);
  return {
    ...{ user, credential: name, state, digits, algorithm, createdAtUnixMs },
    ...(lastUsedAtUnixMs !== undefined && { lastUsedAtUnixMs }),
    triesLeft: budget.left(user),
  };
};

/** The credentials of one user or a page of users, each shown by `view`. A former user's are left out. */
export const showCredentials = async <C extends CommonCredential, View>(
  kind: Pick<CountedKind<C>, 'form'>,
  services: ModuleServices,
  tx: ModuleTransaction,
  { user, limit, cursor }: Asked,
  view: (shown: Shown<C>) => View,
): Promise<{ credentials: View[]; cursor?: string }> => {
  const page =
    user === undefined
      ? await listCredentials(kind, tx, cursor === undefined ? { limit } : { limit, cursor })
      : { found: [{ user }] };
  const credentials: View[] = [];
  for (const found of page.found) {
    const present = await credentialsOfPresentUser(kind, services, tx, found.user);
    if (present.kind === 'refused') continue;
    for (const credential of present.value.credentials) {
      const shown = { user: found.user, credential };
      credentials.push(view({ ...shown, isConfirmed: await isConfirmed(services, tx, found.user, credential) }));
    }
  }
  const next = 'cursor' in page ? page.cursor : undefined;
  return next === undefined ? { credentials } : { credentials, cursor: next };
};
