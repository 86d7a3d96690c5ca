// A key that seals values, with the number by which each value says which key it needs.

import type { SecretBytes } from '@chatelaine/secret';

export interface NumberedKey {
  /** 1 for the first. */
  readonly number: number;
  readonly key: SecretBytes;
}
