// Whether somebody who logs in proved who they are, by one proof or by two. Whatever is wrong or missing, the same is answered
// after the same work: a code that is given is looked at even if the other proof is wrong, though not as one of that user's.

import { type InputOf, ok, type Result, refuse, type sessions, type users } from '@chatelaine/contract';
import type { Call, ModuleServices } from '../../kernel/module.ts';
import type { ModuleTransaction } from '../../kernel/module-transaction.ts';
import { UsedNonces } from '../../kernel/used-nonces.ts';
import { spendCode } from '../../otp/spend-code.ts';
import { TryLimit } from './try-limit.ts';

/** What the module `users` answers about somebody who is let in. */
export interface Standing {
  readonly groups: readonly string[];
  readonly stretch: string;
  readonly codeAtLogin: users.CodeAtLogin;
}

/** Somebody who proved who they are. */
export interface ProvedUser extends Standing {
  /** What made the code that they gave and that is spent now. */
  readonly code?: string;
}

type LoginCall = Pick<Call<InputOf<typeof sessions.login>>, 'input' | 'moment' | 'request' | 'source' | 'afterCommit'>;

/** Whose code is looked at if the other proof was wrong; no user can be called that. */
const NOBODY = '-nobody';

/** Checks proofs of one keep. What was used is remembered for as long as it could be used again. */
export class LoginCheck {
  readonly #services: ModuleServices;
  readonly #used = new UsedNonces();
  readonly #limit: TryLimit;

  constructor(services: ModuleServices) {
    this.#services = services;
    this.#limit = new TryLimit(services.clock);
  }

  /** Who it is; `unauthenticated`, or `busy`. A code that was right is spent in `tx`. */
  async check(call: LoginCall, tx: ModuleTransaction): Promise<Result<ProvedUser>> {
    const { user, proof } = call.input;
    const first = await this.#firstProof(call, tx);
    if (first.kind === 'refused' && first.code === 'busy') return first;
    const { code } = proof;
    if (code === undefined) {
      return first.kind === 'ok' && first.value.codeAtLogin === 'required' ? refuse('unauthenticated') : first;
    }
    const isUser = first.kind === 'ok' && (proof.kind !== 'one-time-code' || first.value.codeAtLogin === 'enough');
    const { moment, request, source, afterCommit } = call;
    const given = { user: isUser ? user : NOBODY, code, moment, request, source, afterCommit };
    const spent = await spendCode(this.#services, tx, given);
    if (!isUser || spent.kind === 'refused') return refuse('unauthenticated');
    return ok({ ...first.value, code: spent.value.by });
  }

  /** The proof besides the code; of who gives nothing but a code, what is known of them. */
  async #firstProof({ input, request }: LoginCall, tx: ModuleTransaction): Promise<Result<Standing>> {
    const { ask, proofs, clock } = this.#services;
    const { user: name, proof } = input;
    if (proof.kind === 'one-time-code') return (await ask('users', 'standing', tx, { name })) as Result<Standing>;
    if (proof.kind === 'ssh-signature') {
      const [nonce, own] = [proof.nonce, proof.clientNonce].map((bytes) => Buffer.from(bytes).toString('hex'));
      const isFresh = proofs.ageOf(proof.nonce) !== undefined;
      if (!isFresh || !this.#used.use(`${nonce}/${own}/${name}`, clock.elapsedMs(), request)) {
        return refuse('unauthenticated');
      }
    } else if (!this.#limit.admits(name, request)) {
      return refuse('busy');
    }
    return (await ask('users', 'authenticate', tx, { name, proof })) as Result<Standing>;
  }
}
