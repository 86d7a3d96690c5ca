// What the store's two sides say to each other. Transactions and outcomes are single arrays (transaction-wire, outcome-wire);
// everything else is a small object. Answers come in the order of the questions.

import type { StoreIdentity } from './create-store-file.ts';
import type { OpenRequest } from './open-store-file.ts';
import type { StoreErrorCode } from './store-error.ts';

/** What a thread is started for. */
export type ThreadTask =
  | ({ readonly task: 'write'; readonly reserveBytes: number } & OpenRequest)
  | { readonly task: 'backup'; readonly source: string; readonly target: string };

/** A StoreError on its way between threads. */
export interface Failure {
  readonly kind: 'failed';
  readonly code: StoreErrorCode;
  readonly message: string;
}

/** To the writer; an array holds transactions. */
export type ToWriter =
  | Uint8Array<ArrayBuffer>
  | { readonly kind: 'lease-token' }
  /** Write the log into the file and shorten it: after a backup had kept it from being reused. */
  | { readonly kind: 'merge-log' }
  | { readonly kind: 'close' };

/** Something worth a line in the log; never a key or value. */
export interface StoreEvent {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
}

/** From the writer; an array holds outcomes. */
export type FromWriter =
  | Uint8Array<ArrayBuffer>
  | ({ readonly kind: 'ready'; readonly revision: number } & StoreIdentity)
  | Failure
  | { readonly kind: 'lease-token'; readonly token: number }
  | ({ readonly kind: 'lease-token-failed' } & Omit<Failure, 'kind'>)
  | ({ readonly kind: 'event' } & StoreEvent)
  /** The disk failed: no further answer comes. */
  | { readonly kind: 'fatal'; readonly message: string }
  | { readonly kind: 'closed' };

/** From a backup. */
export type FromBackup = Failure | { readonly kind: 'copied'; readonly revision: number; readonly sizeBytes: number };
