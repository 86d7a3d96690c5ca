// The store with a lock.

export { MAX_SEALED_BYTES } from './sealed/box.ts';
export { type KernelAbility, probeKernelAbility } from './sealed/kernel-ability.ts';
export {
  DEFAULT_COST,
  fingerprintOf,
  isMaterial,
  makeMaterial,
  publicKeyIn,
  type ScryptCost,
} from './sealed/material.ts';
export { type LockState, SEALED_RING, SealedStore, type SealedStoreOptions } from './sealed/sealed-store.ts';
export { suspendedMs } from './sealed/suspended-time.ts';
