// The directory as the rest of the module sees it: several servers, of which the first one that answers decides. How many are
// asked about at once is bounded.

import type { ldap } from '@chatelaine/contract';
import type { Log } from '@chatelaine/process';
import type { Clock } from '../../kernel/clock.ts';
import type { ServerQuestion } from './ask-server.ts';
import type { Verdict } from './directory-verdict.ts';
import { askHelper } from './helper-process.ts';
import type { LdapSettings } from './ldap-settings.ts';

/** A server that did not answer is asked after the others for so long. */
const AVOIDED_MS = 30_000;

/** What is asked about an account; both passwords stay the caller's. */
export type Question = Omit<ServerQuestion, 'server'>;

/** What the directory says; `failed`: no server of it says anything. `busy`: too many are asked about. */
export type Answer = (Exclude<Verdict, { kind: 'failed' }> & { readonly server: string }) | FailedAnswer;

interface FailedAnswer {
  readonly kind: 'failed' | 'busy';
}

/** What one server says to a question about nobody. */
export interface Tested {
  readonly server: string;
  readonly problem?: ldap.DirectoryProblem;
  readonly detail?: string;
  readonly tookMs: number;
}

export class Directory {
  readonly #settings: LdapSettings;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #avoidedUntil = new Map<string, number>();
  #asking = 0;

  constructor(settings: LdapSettings, clock: Clock, log: Log) {
    this.#settings = settings;
    this.#clock = clock;
    this.#log = log;
  }

  /** Asks one server after another until one says something about the account. */
  async ask(question: Question): Promise<Answer> {
    if (this.#asking >= this.#settings.max_checks) return { kind: 'busy' };
    this.#asking++;
    try {
      for (const server of this.#inOrder()) {
        const verdict = await askHelper(this.#settings, { ...question, server }, this.#log);
        if (verdict.kind !== 'failed') {
          this.#avoidedUntil.delete(server);
          return { ...verdict, server };
        }
        const { problem, detail } = verdict;
        this.#log.warn({ server, problem, detail }, 'a server of the directory cannot be used');
        this.#avoidedUntil.set(server, this.#clock.elapsedMs() + AVOIDED_MS);
      }
      return { kind: 'failed' };
    } finally {
      this.#asking--;
    }
  }

  /** Asks each server about nobody; undefined: too many are asked about. */
  async test(bindPassword: Uint8Array | undefined): Promise<readonly Tested[] | undefined> {
    if (this.#asking >= this.#settings.max_checks) return undefined;
    this.#asking++;
    try {
      const tested: Tested[] = [];
      for (const server of this.#settings.servers) {
        const began = performance.now();
        const question = {
          server,
          password: Buffer.from('nobody'),
          ...(bindPassword !== undefined && { bindPassword }),
        };
        const verdict = await askHelper(this.#settings, question, this.#log);
        const tookMs = Math.round(performance.now() - began);
        if (verdict.kind !== 'failed') tested.push({ server, tookMs });
        else {
          const { problem, detail } = verdict;
          tested.push({ server, problem, ...(detail !== undefined && { detail }), tookMs });
        }
      }
      return tested;
    } finally {
      this.#asking--;
    }
  }

  /** Those that answer first; of the others the one that has been silent for longest. */
  #inOrder(): readonly string[] {
    const now = this.#clock.elapsedMs();
    const silentSince = (server: string): number => {
      const until = this.#avoidedUntil.get(server) ?? 0;
      return until > now ? until : 0;
    };
    return this.#settings.servers.toSorted((one, other) => silentSince(one) - silentSince(other));
  }
}
