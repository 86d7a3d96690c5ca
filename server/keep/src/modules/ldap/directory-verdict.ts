// What a server of the directory says about somebody, in the few words that the keep decides by.

import type { ldap } from '@chatelaine/contract';

/** Why a right password does not let somebody in. */
type Bar = 'disabled' | 'account-expired' | 'not-at-this-time' | 'password-expired' | 'password-to-be-changed';

export type Verdict =
  | { readonly kind: 'right' }
  /** `locked`: the directory refuses for a time, whatever the password. */
  | { readonly kind: 'wrong'; readonly why: 'password' | 'no-entry' | 'several-entries' | 'locked' }
  /** The password was right. */
  | { readonly kind: 'barred'; readonly why: Bar }
  | { readonly kind: 'failed'; readonly problem: ldap.DirectoryProblem; readonly detail?: string };
