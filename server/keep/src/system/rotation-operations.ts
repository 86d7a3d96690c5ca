// The rotation of keys: begun by a person, carried on by the keep beside everything else, also after it was stopped.

import { type OutputOf, ok, type system as SystemContract, system } from '@chatelaine/contract';
import type { Log } from '@chatelaine/process';
import type { Vault } from '@chatelaine/vault';
import { AUDIT_LANE, encodeAuditRecord } from '../kernel/audit-record.ts';
import { type BoundOperation, direct } from '../kernel/module.ts';
import type { Principal } from '../kernel/principal.ts';
import type { Recorder } from '../kernel/recorder.ts';
import { proved } from '../kernel/release/decision.ts';

const itself: Principal = { role: 'admin', identity: 'rotation' };

/** Carries the rotation of an open vault on. */
export class KeyRotation {
  readonly #vault: Vault;
  readonly #recorder: Recorder;
  readonly #log: Log;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #problem: string | undefined;

  constructor(vault: Vault, recorder: Recorder, log: Log) {
    this.#vault = vault;
    this.#recorder = recorder;
    this.#log = log;
  }

  /** What `system.status` says of it. */
  status(): OutputOf<typeof SystemContract.status>['rotation'] {
    const { rotation } = this.#vault;
    return rotation && { ...rotation, ...(this.#problem !== undefined && { problem: this.#problem }) };
  }

  /** Goes on with what is under way, if anything is. */
  carryOn(): void {
    if (this.#vault.rotation === undefined) return;
    this.#problem = undefined;
    this.#running = this.#carryOn();
  }

  /** Stops where it is; resolves when nothing is done any more. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #carryOn(): Promise<void> {
    const audit = () => {
      const facts = [proved('phase', 'done'), proved('root-key', this.#vault.rootKeyId)];
      const record = this.#recorder.compose(itself, system.rotate.name, '', 'changed', { facts });
      return { lane: AUDIT_LANE, record: encodeAuditRecord(record) };
    };
    try {
      await this.#vault.continueRotation({ signal: this.#stop.signal, audit });
      if (this.#vault.rotation === undefined) this.#log.info({ rootKeyId: this.#vault.rootKeyId }, 'keys are rotated');
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : 'something went wrong; it is in the log';
      this.#log.error({ err: error }, 'the rotation of keys stands still');
    }
  }
}

/** Binds `system.rotate`. */
export const rotationOperations = (
  vault: Vault,
  recorder: Recorder,
  rotation: () => KeyRotation | undefined,
): readonly BoundOperation[] => [
  direct(system.rotate, async ({ input, principal, moment }) => {
    const running = rotation();
    // One that stands still is what has to end first.
    if (running?.status()?.problem !== undefined) {
      running.carryOn();
      return ok({ rootKeyId: vault.rootKeyId });
    }
    const facts = [proved('phase', 'begun'), proved('root', input.root), proved('data', input.data)];
    const { name } = system.rotate;
    const record = encodeAuditRecord(recorder.compose(principal, name, '', 'changed', { facts }));
    const begun = await vault.beginRotation(input, moment.nowUnixMs, { lane: AUDIT_LANE, record });
    if (begun.kind === 'refused') {
      await recorder.write([recorder.compose(principal, name, '', 'refused', { code: begun.code })]);
      return begun;
    }
    running?.carryOn();
    return ok({ rootKeyId: vault.rootKeyId });
  }),
];
