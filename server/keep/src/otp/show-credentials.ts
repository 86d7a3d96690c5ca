// Credentials as they are shown: never their seeds.

import type { ModuleServices } from '../kernel/module.ts';
import type { ModuleTransaction } from '../kernel/module-transaction.ts';
import type { CommonCredential, CountedKind } from './counted-kind.ts';
import { credentialsOfPresentUser, listCredentials } from './credentials-record.ts';
import { settled } from './settled.ts';
import type { TryBudget } from './try-budget.ts';

interface Asked {
  readonly user?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** What every credential is shown with. */
export const commonView = <C extends CommonCredential>(
  kind: Pick<CountedKind<C>, 'afterRestore'>,
  { epoch }: ModuleServices,
  budget: TryBudget,
  user: string,
  credential: C,
) => {
  const { name, digits, algorithm, createdAtUnixMs, lastUsedAtUnixMs, confirmed } = credential;
  const counts = settled(kind, credential, epoch) !== undefined;
  const state = !confirmed ? ('unconfirmed' as const) : counts ? ('active' as const) : ('waits' as const);
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
  view: (user: string, credential: C) => View,
): Promise<{ credentials: View[]; cursor?: string }> => {
  const page =
    user === undefined
      ? await listCredentials(kind, tx, cursor === undefined ? { limit } : { limit, cursor })
      : { found: [{ user }] };
  const credentials: View[] = [];
  for (const found of page.found) {
    const present = await credentialsOfPresentUser(kind, services, tx, found.user);
    if (present.kind === 'refused') continue;
    credentials.push(...present.value.credentials.map((credential) => view(found.user, credential)));
  }
  const next = 'cursor' in page ? page.cursor : undefined;
  return next === undefined ? { credentials } : { credentials, cursor: next };
};
