// A credential at this moment. What it knows to be spent was found in one epoch; after a restore more may be spent than the
// store knows.

import type { Epoch } from '@chatelaine/vault';
import type { CommonCredential, CountedKind } from './counted-kind.ts';

/** The credential as it counts in this epoch; undefined if it waits for a person. */
export const settled = <C extends CommonCredential>(
  kind: Pick<CountedKind<C>, 'afterRestore'>,
  credential: C,
  epoch: Epoch,
): C | undefined => {
  if (credential.epoch === epoch.number) return credential;
  const after = kind.afterRestore(credential, epoch.startedAtUnixMs);
  return after && { ...after, epoch: epoch.number };
};
