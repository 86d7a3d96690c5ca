// A one-time code as proof for another module. Whichever loaded module knows it spends it, in the transaction of what it is the
// proof for: both are durable, or neither.

import { ok, type Refused, type Result, refuse } from '@chatelaine/contract';
import type { ModuleServices } from '../kernel/module.ts';
import type { ModuleTransaction } from '../kernel/module-transaction.ts';
import type { Moment } from '../kernel/release/decision.ts';

/** Modules that know codes, the likeliest first. Whoever takes codes as proof `mayAsk` them. */
export const CODE_MODULES = ['totp', 'hotp', 'yubiotp', 'recovery'] as const;

/** Every code of a YubiKey is longer than any that is counted. */
const SHORTEST_OF_YUBIKEYS = 32;

/** A code that somebody gave, as such a module is asked about it. */
export interface GivenCode {
  readonly user: string;
  /** As it was typed. */
  readonly code: string;
  /** Where they are, as a gate says. */
  readonly source?: string | undefined;
  readonly moment: Moment;
  /** Repeated attempts of one request are one try. */
  readonly request: object;
  readonly afterCommit: (work: () => void) => void;
  /** What is to be done if another module knows the code. */
  readonly ifElsewhere: (work: () => void) => void;
}

/** What a module answers about a code that it knew and spent. */
export interface SpentCode {
  /** What made it: `totp/default`. */
  readonly by: string;
  /** It was right and is not spent after all: the try is there again. Absent: codes of its kind are not limited. */
  readonly giveBack?: () => void;
}

/** Whether any module that knows codes is there. */
export const areCodesKnown = ({ isLoaded }: ModuleServices): boolean => CODE_MODULES.some(isLoaded);

/** Spends a code of a user. `wrong-code` and the like: it was none, and nothing is written. */
export const spendCode = async (
  { isLoaded, ask }: ModuleServices,
  tx: ModuleTransaction,
  given: Omit<GivenCode, 'ifElsewhere'>,
): Promise<Result<SpentCode>> => {
  const elsewhere: (() => void)[] = [];
  const isYubikeys = given.code.trim().length >= SHORTEST_OF_YUBIKEYS;
  let refused: Refused = refuse('wrong-code');
  for (const module of CODE_MODULES) {
    if (!isLoaded(module) || (module === 'yubiotp') !== isYubikeys) continue;
    const input: GivenCode = { ...given, ifElsewhere: (work) => elsewhere.push(work) };
    const answer = (await ask(module, 'spend', tx, input)) as Result<SpentCode>;
    if (answer.kind === 'ok') {
      given.afterCommit(() => {
        for (const work of elsewhere) work();
      });
      return ok(answer.value);
    }
    if (refused.code === 'wrong-code') refused = answer;
  }
  return refused;
};
