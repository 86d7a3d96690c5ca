// From shares that people gave, back to what opens their slot.

import { ok, type Result, refuse } from '@chatelaine/contract';
import { combineShares } from '@chatelaine/secret';
import type { KeyShare } from './share-text.ts';
import type { SlotSecret } from './vault.ts';

const wrong = (message: string) => refuse('invalid-input', { field: 'share', message });

/** The secret of a slot of shares, and how it is wiped. */
export type CombinedShares = SlotSecret & { readonly release: () => void };

/**
 * Combines the shares of one slot; more than its threshold are no harm, nor is one that is there twice. The caller releases the
 * secret and the shares. Refusal: `invalid-input`, saying what is missing.
 */
export const combineKeyShares = (shares: readonly KeyShare[]): Result<CombinedShares> => {
  const [first] = shares;
  if (first === undefined) return wrong('there is none');
  if (shares.some(({ slotId, storeId }) => slotId !== first.slotId || storeId !== first.storeId)) {
    return wrong('they do not belong to one key slot');
  }
  const different = [...new Map(shares.map((share) => [share.number, share])).values()];
  const missing = first.threshold - different.length;
  if (missing > 0) return wrong(`${different.length} of ${first.threshold} are there, ${missing} more needed`);
  const secret = combineShares(different.slice(0, first.threshold));
  return ok({ kind: 'shares', secret: secret.bytes, release: () => secret.release() });
};
