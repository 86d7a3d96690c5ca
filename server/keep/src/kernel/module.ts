// What a module is: a folder that owns its records and answers its operations, and sees nothing else of the world than
// the services handed to it. A module never imports another; it names what it `requires`, or `mayAsk` if it is there, and
// asks through the kernel, which stamps the asking module's name on the request, so that the owner can check an association.

import type { InputOf, Operation, OutputOf, Refused, Result } from '@chatelaine/contract';
import type { Log, Metrics } from '@chatelaine/process';
import type { Epoch } from '@chatelaine/vault';
import type { ModuleSettings } from '../keep-config.ts';
import type { AuditRecord } from './audit-record.ts';
import type { Clock } from './clock.ts';
import type { HandshakeProofs } from './handshake-proofs.ts';
import type { ModuleTransaction } from './module-transaction.ts';
import type { Principal } from './principal.ts';
import type { Decision, Fact, Moment } from './release/decision.ts';

/** One request as a handler sees it. The same object is passed again when the kernel repeats an attempt. */
export interface Call<Input> {
  readonly input: Input;
  readonly principal: Principal;
  /** Where somebody for whom a gate asks does so from, as the gate says. */
  readonly source?: string;
  readonly moment: Moment;
  /** Identifies the request across repeated attempts. */
  readonly request: object;
  /**
   * Names a subject that a change concerns besides the operation's own path: it stands in the record, and requests that
   * wait for the subject are decided anew.
   */
  readonly touch: (path: string) => void;
  /** A fact for the record of a change. */
  readonly note: (fact: Fact) => void;
  /** Work for after the commit of this attempt, before anybody who waits for the change is woken. Never for a change itself. */
  readonly afterCommit: (work: () => void) => void;
  /** Work for when the request is over and its answer on its way, however it ended. Of a release the first one given counts. */
  readonly whenOver: (work: () => void) => void;
}

/** Of a report, what is put on record: a difference that it made to the subject at `path`. */
export interface ReportedDifference {
  readonly path: string;
  readonly facts: readonly Fact[];
}

/** Answers a `report`. Writes of `tx` are kept only if the answer is ok; the `differences` stand in the record. */
export type ReportHandler<O extends Operation> = (
  call: Call<InputOf<O>>,
  tx: ModuleTransaction,
) => Promise<{ readonly result: Result<OutputOf<O>>; readonly differences: readonly ReportedDifference[] }>;

/** Answers a `read` or `change`. Writes of `tx` are kept only if the answer is ok. */
export type Handler<O extends Operation> = (
  call: Call<InputOf<O>>,
  tx: ModuleTransaction,
) => Promise<Result<OutputOf<O>>>;

/**
 * The outcome of a `release`. With a `subject` (the module's path of what is asked for) the decision becomes the
 * subject's last decision, for `why`; without one the peer is a stranger and is only counted.
 */
export interface ReleaseOutcome<Output> {
  readonly subject?: string;
  readonly decision: Decision;
  /** Present exactly when the verdict is `release`. */
  readonly output?: Output;
  /** False: it is on record, but is not kept as the last decision about the subject. */
  readonly isRemembered?: boolean;
  /** Of a peer whose protocol has refusals signed, or in words of its own: what it is answered in place of one. */
  readonly inOwnWords?: (refused: Refused) => Output;
  /** Bytes of the output that are no record's: wiped once the reply was encoded. */
  readonly wipe?: readonly Uint8Array[];
}

/** Answers a `release`: decides, and hands out only what it decided to. */
export type ReleaseHandler<O extends Operation> = (
  call: Call<InputOf<O>>,
  tx: ModuleTransaction,
) => Promise<ReleaseOutcome<OutputOf<O>>>;

/** Answers a `stream`: a refusal, or the items one by one. */
export type StreamHandler<O extends Operation> = (
  call: Call<InputOf<O>>,
  signal: AbortSignal,
) => Promise<Refused | AsyncIterable<OutputOf<O>>>;

/** Answers by itself, without a transaction: what it changes, it records itself. For the keep's own operations. */
export type DirectHandler<O extends Operation> = (call: Call<InputOf<O>>) => Promise<Result<OutputOf<O>>>;

/** An operation joined to its handler. Made by {@link answer}, {@link report}, {@link release}, {@link stream} and {@link direct}. */
export type BoundOperation =
  | { readonly operation: Operation; readonly kind: 'direct'; readonly handler: DirectHandler<Operation> }
  | { readonly operation: Operation; readonly kind: 'answer'; readonly handler: Handler<Operation> }
  | { readonly operation: Operation; readonly kind: 'report'; readonly handler: ReportHandler<Operation> }
  | { readonly operation: Operation; readonly kind: 'release'; readonly handler: ReleaseHandler<Operation> }
  | { readonly operation: Operation; readonly kind: 'stream'; readonly handler: StreamHandler<Operation> };

// The casts below forget an operation's own types: the kernel checks every input against the operation's schema before
// it calls the handler, which is what the handler's type asks for.

/** Binds a `read` or `change` operation. */
export const answer = <O extends Operation>(operation: O, handler: Handler<O>): BoundOperation => ({
  operation,
  kind: 'answer',
  handler: handler as unknown as Handler<Operation>,
});

/** Binds an operation of the keep itself. */
export const direct = <O extends Operation>(operation: O, handler: DirectHandler<O>): BoundOperation => ({
  operation,
  kind: 'direct',
  handler: handler as unknown as DirectHandler<Operation>,
});

/** Binds a `report` operation. */
export const report = <O extends Operation>(operation: O, handler: ReportHandler<O>): BoundOperation => ({
  operation,
  kind: 'report',
  handler: handler as unknown as ReportHandler<Operation>,
});

/** Binds a `release` operation. */
export const release = <O extends Operation>(operation: O, handler: ReleaseHandler<O>): BoundOperation => ({
  operation,
  kind: 'release',
  handler: handler as unknown as ReleaseHandler<Operation>,
});

/** Binds a `stream` operation. */
export const stream = <O extends Operation>(operation: O, handler: StreamHandler<O>): BoundOperation => ({
  operation,
  kind: 'stream',
  handler: handler as unknown as StreamHandler<Operation>,
});

/** What one module asks of another. `tx` is the same transaction, seen through the owner's records. */
interface ServiceRequest {
  readonly askedBy: string;
  readonly tx: ModuleTransaction;
  readonly input: unknown;
}

/** A named service that a module offers to modules that require it. */
export type Service = (request: ServiceRequest) => Promise<Result<unknown>>;

/** All that a module sees of the world. */
export interface ModuleServices {
  readonly clock: Clock;
  readonly random: (sizeBytes: number) => Buffer;
  readonly log: Log;
  /** Checks a peer's handshake against the keep's own nonce. */
  readonly proofs: HandshakeProofs;
  /** When this run of the keep began to answer, wall clock. */
  readonly openedAtUnixMs: number;
  readonly storeId: string;
  /**
   * Grows with every restore on purpose. What was used, approved or alive in an earlier one counts no more: a record that can be
   * spent notes the epoch it was spent or confirmed in, and one of an earlier epoch waits for new evidence.
   */
  readonly epoch: Epoch;
  readonly metrics: Metrics;
  /** Tables of the configuration that are a module's own. */
  readonly settings: ModuleSettings;
  /** Reads records outside of any request; bytes in what `work` saw are wiped when it ends. */
  readonly read: <T>(work: (tx: ModuleTransaction) => Promise<T>) => Promise<T>;
  /** Whether a module that this one `mayAsk` is there. */
  readonly isLoaded: (module: string) => boolean;
  /** Asks another module's service inside `tx`. Throws if the module is not there, or neither in `requires` nor in `mayAsk`. */
  readonly ask: (module: string, service: string, tx: ModuleTransaction, input: unknown) => Promise<Result<unknown>>;
  /** The last decision about a subject of this module, if there ever was one. */
  readonly lastDecision: (tx: ModuleTransaction, path: string) => Promise<AuditRecord | undefined>;
}

/** Credentials that a module gives out: who holds one, at this moment. `tx` is the module's own. */
export interface Credentials {
  readonly prefix: string;
  /** Of whoever holds one. */
  readonly role: Principal['role'];
  readonly authenticate: (tx: ModuleTransaction, credential: Uint8Array, moment: Moment) => Promise<Result<Principal>>;
  /** Whoever has this name, as they would be if they held one; `undefined` if there is nobody. */
  readonly describe: (tx: ModuleTransaction, identity: string, moment: Moment) => Promise<Principal | undefined>;
}

/** A started module. */
export interface RunningModule {
  readonly operations: readonly BoundOperation[];
  readonly services?: Readonly<Record<string, Service>>;
  /** Credentials of its own, told by how they begin. */
  readonly credentials?: Credentials;
  /**
   * Work that is done now and then, in bounded steps of one transaction each: at most 30 writes, and a record by the name of
   * `operation` for each of the `touched` paths. Not for what grows with the number of records.
   */
  readonly housekeeping?: {
    readonly operation: string;
    readonly work: (
      tx: ModuleTransaction,
      moment: Moment,
    ) => Promise<{ readonly touched: readonly string[]; readonly isDone: boolean }>;
  };
}

/** What a module's folder exports. Its name is also the name of its sealed collection. */
export interface ModuleDefinition {
  readonly name: string;
  readonly requires: readonly string[];
  /** Modules that it works without, and asks if the configuration names them too. */
  readonly mayAsk?: readonly string[];
  start(services: ModuleServices): RunningModule;
}

/** Declares a module. */
export const defineModule = (definition: ModuleDefinition): ModuleDefinition => Object.freeze(definition);
