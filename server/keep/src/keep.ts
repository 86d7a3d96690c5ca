// One keep: a store, sealed or open, and the kernel that answers for it. It opens by a key slot and closes only by the end
// of its process, since keys that libraries have cached cannot be wiped reliably.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type OutputOf, ok, type Result, refuse, type system } from '@chatelaine/contract';
import { type Log, Metrics } from '@chatelaine/process';
import type { SqliteStore } from '@chatelaine/store';
import { openVault, readVaultHeader, type SlotSecret, type Vault } from '@chatelaine/vault';
import type { ModuleSettings } from './keep-config.ts';
import { SYSTEM } from './kernel/admission.ts';
import { decodeAuditRecord } from './kernel/audit-record.ts';
import { type Clock, systemClock } from './kernel/clock.ts';
import { ClockGuard } from './kernel/clock-guard.ts';
import { HandshakeProofs } from './kernel/handshake-proofs.ts';
import { keepModulesHouse } from './kernel/housekeeping.ts';
import { Kernel } from './kernel/kernel.ts';
import { KERNEL_COLLECTION, readLastDecision } from './kernel/last-decision.ts';
import { defineModule, type ModuleDefinition, type ModuleServices } from './kernel/module.ts';
import { type LoadedModules, loadModules, orderModules } from './kernel/module-loader.ts';
import { SharedTransaction } from './kernel/module-transaction.ts';
import { foundingGrants } from './kernel/policy.ts';
import type { Principal } from './kernel/principal.ts';
import { Recorder } from './kernel/recorder.ts';
import { proved } from './kernel/release/decision.ts';
import { WaitingRoom } from './kernel/waiting-room.ts';
import { Relay } from './peers/relay.ts';
import { auditOperations, auditVerification } from './system/audit-operations.ts';
import { backupOperation } from './system/backup-operation.ts';
import { clockOperations, metricsOperation } from './system/clock-operations.ts';
import { keyslotOperations } from './system/keyslot-operations.ts';
import { policyOperations } from './system/policy-operations.ts';
import { relayOperations } from './system/relay-operations.ts';
import { KeyRotation, rotationOperations } from './system/rotation-operations.ts';
import { ShareCollector } from './system/share-collector.ts';
import { statusOperations } from './system/status-operations.ts';
import { tokenOperations } from './system/token-operations.ts';

const HOUSEKEEPING_MS = 60_000;

export interface KeepOptions {
  readonly store: SqliteStore;
  readonly anchorPath: string;
  /** Where copies for a backup lie for a moment; the keep's own. */
  readonly directory: string;
  readonly version: string;
  readonly known: readonly ModuleDefinition[];
  /** Names of the modules to load. */
  readonly modules: readonly string[];
  readonly settings: ModuleSettings;
  readonly log: Log;
  readonly clock?: Clock;
  readonly random?: (sizeBytes: number) => Buffer;
  /** Called when a person asked to seal: the process ends itself. */
  readonly onStopRequested: () => void;
}

export class Keep {
  readonly kernel: Kernel;
  /** Connections that a gate holds for the keep. */
  readonly relay = new Relay();
  readonly #options: KeepOptions;
  readonly #clock: Clock;
  readonly #random: (sizeBytes: number) => Buffer;
  readonly #proofs: HandshakeProofs;
  readonly #startedAtUnixMs: number;
  readonly #modules: readonly ModuleDefinition[];
  readonly #shares: ShareCollector;
  #rotation: KeyRotation | undefined;
  #failedUnseals = 0;
  readonly #metrics = new Metrics();
  #problem: string | undefined;
  #housekeeping: NodeJS.Timeout | undefined;

  /** Throws ModuleLoadError if the named modules cannot be loaded together. */
  constructor(options: KeepOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock();
    this.#random = options.random ?? randomBytes;
    this.#proofs = new HandshakeProofs(this.#clock, this.#random);
    this.#startedAtUnixMs = this.#clock.nowUnixMs();
    this.#modules = orderModules(options.known, options.modules);
    this.#shares = new ShareCollector(options.store);
    const { store, directory, anchorPath, log } = options;
    this.kernel = new Kernel({
      clock: this.#clock,
      log,
      always: [
        ...statusOperations(this, this.#proofs),
        metricsOperation(this.#metrics),
        ...relayOperations(this.relay),
        backupOperation(store, directory, () => this.kernel.open?.vault),
        auditVerification(store, anchorPath),
      ],
    });
  }

  /** What `system.status` says. */
  async status(): Promise<OutputOf<typeof system.status>> {
    const { store, version } = this.#options;
    const clockBehindMs = this.kernel.open?.clockGuard.behindMs() ?? 0;
    const header = await readVaultHeader(store);
    const rotation = this.#rotation?.status();
    return {
      version,
      purpose: store.purpose,
      sealed: this.kernel.open === undefined,
      storeId: store.id,
      ...(header.kind === 'ok' && { rootKeyId: header.value.rootKeyId, epoch: header.value.epoch }),
      ...(rotation !== undefined && { rotation }),
      revision: await store.revision(),
      modules: [...(this.kernel.open?.modules.names ?? [])].filter((name) => name !== SYSTEM),
      startedAtUnixMs: this.#startedAtUnixMs,
      ...(clockBehindMs > 0 && { clockBehindMs }),
      ...(this.#problem !== undefined && { problem: this.#problem }),
    };
  }

  /** Opens the keep. A failed try is counted, and the count is recorded with the next one that succeeds. */
  async unseal(secret: SlotSecret, by: Principal): Promise<Result<Vault>> {
    const { store, anchorPath, log } = this.#options;
    if (this.kernel.open !== undefined) return refuse('not-sealed');
    const opened = await openVault({ store, secret, anchorPath });
    if (opened.kind === 'refused') {
      this.#failedUnseals++;
      log.warn({ code: opened.code, failed: this.#failedUnseals }, 'could not be opened');
      return opened;
    }
    const vault = opened.value;
    // Two may have tried at once; the first one opened it.
    if (this.kernel.open !== undefined) {
      await vault.close();
      return refuse('not-sealed');
    }
    const recorder = new Recorder(vault, this.#clock, log);
    const clockGuard = await this.#guardClock(vault);
    this.kernel.unseal({
      vault,
      modules: this.#loadModules(vault, recorder),
      grants: foundingGrants,
      recorder,
      waiting: new WaitingRoom(),
      clockGuard,
      metrics: this.#metrics,
    });
    const facts = [proved('failed-tries-before', this.#failedUnseals), proved('slot-kind', secret.kind)];
    await recorder.write([recorder.compose(by, 'system.unseal', '', 'changed', { facts })]);
    await recorder.anchor();
    this.#failedUnseals = 0;
    this.#problem = undefined;
    this.#shares.wipe();
    this.#rotation = new KeyRotation(vault, recorder, log);
    this.#rotation.carryOn();
    this.#housekeeping = setInterval(() => void this.keepHouse(), HOUSEKEEPING_MS).unref();
    log.info({ rootKeyId: vault.rootKeyId, modules: this.#options.modules }, 'open');
    return ok(vault);
  }

  /** Takes one of the shares that open the keep together; the last one opens it. */
  async giveShare(text: Uint8Array, by: Principal): Promise<Result<OutputOf<typeof system.unsealShare>>> {
    if (this.kernel.open !== undefined) return refuse('not-sealed');
    const collected = await this.#shares.give(text);
    if (collected.kind === 'refused') return collected;
    const { combined, given, ...rest } = collected.value;
    if (combined === undefined) return ok({ sealed: true, given: [...given], ...rest });
    try {
      const opened = await this.unseal(combined, by);
      return opened.kind === 'ok' ? ok({ sealed: false, given: [...given], ...rest, keptMs: 0 }) : opened;
    } finally {
      combined.release();
    }
  }

  /** Says in `status` why the keep is still sealed. */
  noteProblem(problem: string): void {
    this.#problem = problem;
  }

  /** A person asked for the end. */
  requestStop(): void {
    this.#options.onStopRequested();
  }

  /** Writes what is pending and closes; the process ends afterwards. */
  async close(): Promise<void> {
    clearInterval(this.#housekeeping);
    this.#shares.wipe();
    await this.#rotation?.close();
    const { open } = this.kernel;
    await open?.recorder.close();
    await open?.clockGuard.keep();
    await open?.vault.close();
    await this.#options.store.close();
  }

  #loadModules(vault: Vault, recorder: Recorder): LoadedModules {
    const { store } = this.#options;
    const systemModule = defineModule({
      name: SYSTEM,
      requires: [],
      start: () => ({
        operations: [
          ...auditOperations(vault, store, recorder),
          ...keyslotOperations(vault, recorder, this.#options.directory),
          ...rotationOperations(vault, recorder, () => this.#rotation),
          ...policyOperations(foundingGrants, async (tx, role, identity, moment) => {
            const known = loaded.credentials.find((credentials) => credentials.role === role);
            if (known === undefined) return 'unknown';
            return await known.describe(SharedTransaction.behind(tx).of(known.module), identity, moment);
          }),
          ...tokenOperations(this.#random),
          ...clockOperations(() => this.kernel.open?.clockGuard, recorder),
        ],
      }),
    });
    const loaded: LoadedModules = loadModules([systemModule, ...this.#modules], (definition) =>
      this.#servicesFor(definition, vault, () => loaded),
    );
    return loaded;
  }

  #servicesFor(definition: ModuleDefinition, vault: Vault, loaded: () => LoadedModules): ModuleServices {
    return {
      clock: this.#clock,
      random: this.#random,
      log: this.#options.log,
      proofs: this.#proofs,
      openedAtUnixMs: this.#clock.nowUnixMs(),
      storeId: this.#options.store.id,
      epoch: vault.epoch,
      metrics: this.#metrics,
      settings: this.#options.settings,
      read: async (work) => {
        const tx = new SharedTransaction(vault);
        try {
          return await work(tx.of(definition.name));
        } finally {
          tx.release();
        }
      },
      isLoaded: (module) => loaded().names.includes(module),
      ask: async (module, service, tx, input) => {
        const known = loaded().services.get(`${module}/${service}`);
        const mayAsk = [...definition.requires, ...(definition.mayAsk ?? [])].includes(module);
        if (!mayAsk || known === undefined) {
          throw new TypeError(`module ${definition.name} asks for ${module}/${service}, which it does not require`);
        }
        return await known({ askedBy: definition.name, tx: SharedTransaction.behind(tx).of(module), input });
      },
      lastDecision: async (tx, path) =>
        await readLastDecision(SharedTransaction.behind(tx).of(KERNEL_COLLECTION), `${definition.name}/${path}`),
    };
  }

  // The newest record of the audit is newer than the mark that is written every minute.
  async #guardClock(vault: Vault): Promise<ClockGuard> {
    const { store, log } = this.#options;
    let newestUnixMs = 0;
    for (const { lane, sequence } of await store.auditHeads()) {
      const [entry] = await store.audit(lane, { from: sequence, limit: 1 });
      if (entry === undefined) continue;
      const opened = vault.openAudit(entry);
      const { atUnixMs } = decodeAuditRecord(opened.bytes);
      opened.release();
      newestUnixMs = Math.max(newestUnixMs, atUnixMs);
    }
    const guard = await ClockGuard.open(vault, this.#clock, newestUnixMs);
    const clockBehindMs = guard.behindMs();
    if (clockBehindMs > 0) log.warn({ clockBehindMs }, 'the clock is behind the highest time ever seen');
    return guard;
  }

  /** What is done every minute while the keep is open, in the background and in bounded steps. */
  async keepHouse(): Promise<void> {
    const { open } = this.kernel;
    if (open === undefined) return;
    try {
      await open.recorder.flushTally();
      await open.clockGuard.keep();
      await this.kernel.forgetOldResults();
      await keepModulesHouse(open, this.#clock);
    } catch (error) {
      this.#options.log.error({ err: error }, 'housekeeping failed');
    }
  }
}

/** Where the store lies in the keep's directory. */
export const storePath = (directory: string): string => join(directory, 'store.db');
