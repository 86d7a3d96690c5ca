// Steps 1 and 2 of the road: who asks, and may they. What was read for the answer, a token and its grants, becomes a
// condition of the attempt that follows, and every further attempt asks anew: a token that is revoked meanwhile changes
// nothing and gets nothing.

import { type Operation, ok, type Refused, type Result, refuse } from '@chatelaine/contract';
import type { LinkPeer, LinkRequest } from '@chatelaine/link';
import { grantsFor } from './grant-records.ts';
import { SharedTransaction } from './module-transaction.ts';
import type { OpenState } from './open-state.ts';
import { evaluatePolicy } from './policy.ts';
import type { Principal } from './principal.ts';
import type { Moment } from './release/decision.ts';
import { authenticateToken } from './token-records.ts';

/** The module name under which the keep's own operations and records stand. */
export const SYSTEM = 'system';

/** What an admission is about. */
export interface Question {
  readonly peer: LinkPeer;
  readonly request: LinkRequest;
  readonly operation: Operation;
  readonly moment: () => Moment;
}

/** A refusal on the way in, as it is to be recorded. */
export interface TurnedAway {
  readonly kind: 'turned-away';
  readonly refused: Refused;
  readonly principal: Principal;
  /** The condition that was not met; absent: a stranger, who is only counted. */
  readonly condition?: string;
}

/** Somebody who asks, what about, and the transaction in which it was found out who they are. */
export interface Asking {
  readonly question: Question;
  readonly principal: Principal;
  readonly capability: string;
  readonly path: string;
}

/** Whether somebody may ask, decided for every attempt anew. */
export class Admission {
  readonly #open: OpenState;
  readonly #asking: Asking;
  #tx: SharedTransaction | undefined;
  #isOnRecord = false;

  /** Takes over `tx`, in which the principal was identified. */
  constructor(open: OpenState, asking: Asking, tx: SharedTransaction) {
    this.#open = open;
    this.#asking = asking;
    this.#tx = tx;
  }

  /** Decides by the grants that are fixed, and only then by those on record. */
  async decide(): Promise<boolean> {
    const { question, principal, capability, path } = this.#asking;
    if (evaluatePolicy(this.#open.grants, principal, capability, path).allowed) return true;
    if (this.#tx === undefined) throw new Error('the transaction was handed on already');
    this.#isOnRecord = true;
    const grants = await grantsFor(this.#tx.of(SYSTEM), principal, question.moment());
    return evaluatePolicy(grants, principal, capability, path).allowed;
  }

  /** The transaction for an attempt; the first one is that of the admission. Whoever gets it releases it. */
  async begin(): Promise<Result<SharedTransaction>> {
    const first = this.#tx;
    this.#tx = undefined;
    if (first !== undefined) return ok(first);
    const tx = new SharedTransaction(this.#open.vault);
    const refused = this.#isOnRecord ? await this.#askAgain(tx) : undefined;
    if (refused === undefined) return ok(tx);
    tx.release();
    return refused;
  }

  /** Releases what no attempt was made of. */
  end(): void {
    this.#tx?.release();
    this.#tx = undefined;
  }

  async #askAgain(tx: SharedTransaction): Promise<Refused | undefined> {
    const found = await identify(this.#asking.question, this.#open, tx);
    if (found.kind === 'turned-away') return found.refused;
    const again = new Admission(this.#open, { ...this.#asking, principal: found.value }, tx);
    return (await again.decide()) ? undefined : refuse('denied');
  }
}

const startsWith = (credential: Uint8Array, prefix: string): boolean =>
  Buffer.from(credential.buffer, credential.byteOffset, Math.min(credential.length, prefix.length)).equals(
    Buffer.from(prefix),
  );

/** Who asks: the peer itself, or whoever its credential belongs to. */
export const identify = async (
  { peer, request, operation, moment }: Question,
  open: OpenState | undefined,
  tx: SharedTransaction | undefined,
): Promise<{ readonly kind: 'ok'; readonly value: Principal } | TurnedAway> => {
  const own: Principal = { role: peer.role, identity: peer.identity };
  const turnAway = (refused: Refused, condition?: string): TurnedAway => ({
    kind: 'turned-away',
    refused,
    principal: own,
    ...(condition !== undefined && { condition }),
  });
  if (request.credential === undefined) {
    return operation.roles.includes(peer.role) ? ok(own) : turnAway(refuse('denied'), 'role');
  }
  // Only a gate asks for others, and only what is public.
  if (peer.role !== 'gate' || operation.http === undefined) return turnAway(refuse('denied'), 'role');
  if (tx === undefined || open === undefined) return turnAway(refuse('sealed'));
  const { credential } = request;
  const known = open.modules.credentials.find(({ prefix }) => startsWith(credential, prefix));
  const found = await (known === undefined
    ? authenticateToken(tx.of(SYSTEM), credential, moment())
    : known.authenticate(tx.of(known.module), credential, moment()));
  return found.kind === 'ok' ? found : turnAway(found);
};
