// For tests: a keep on a real store in a directory of its own, asked through the typed client without a link between.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient, machines, type OutputOf, type Role, system } from '@chatelaine/contract';
import { silentLog } from '@chatelaine/process';
import { clientRandomOf, type HandshakeProof } from '@chatelaine/rawtls';
import { type KeyPair, makeKeyPair, shakeHands, withKey } from '@chatelaine/rawtls/testing';
import { openSqliteStore, type SqliteStore } from '@chatelaine/store';
import { createVault } from '@chatelaine/vault';
import { Keep, type KeepOptions, storePath } from '../keep.ts';
import type { Clock } from '../kernel/clock.ts';
import { knownModules } from '../modules/index.ts';
import { ldapTable } from '../modules/ldap/ldap-settings.ts';

/** A clock that a test moves. */
class MovedClock implements Clock {
  #nowMs = 0;

  nowUnixMs(): number {
    return 1_800_000_000_000 + this.#nowMs;
  }

  elapsedMs(): number {
    return this.#nowMs;
  }

  catchUp(): void {
    // Its wall clock is the one a test moves.
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }
}

/** A client that speaks for a peer of this role, straight to the kernel. */
export const clientOf = (keep: Keep, role: Role, identity: string = role): Client => {
  const peer = { role, identity };
  return createClient({
    call: async (operation, input, { requestId, credential, source, signal = new AbortController().signal }) => {
      const request = {
        operation,
        input,
        signal,
        ...(requestId !== undefined && { requestId }),
        ...(credential !== undefined && { credential }),
        ...(source !== undefined && { source }),
      };
      const { result, dispose } = await keep.kernel.call(peer, request);
      const copy = structuredClone(result);
      dispose?.();
      return copy;
    },
    stream: (operation, input, { signal = new AbortController().signal }) =>
      keep.kernel.stream(peer, { operation, input, signal }),
  });
};

/** The nonce that the keep gives out now. */
export const nonceOf = async (gate: Client): Promise<OutputOf<typeof system.nonce>['nonce']> => {
  const stop = new AbortController();
  const nonces = await gate.stream(system.nonce, {}, { signal: stop.signal });
  if (!(Symbol.asyncIterator in nonces)) throw new Error(`no nonce: ${nonces.code}`);
  for await (const { nonce } of nonces) {
    stop.abort();
    return nonce;
  }
  throw new Error('no nonce');
};

/** A handshake with the holder of `pair`, made with this nonce, as an honest gate makes it. */
export const proveKey = (pair: KeyPair, nonce: Uint8Array): Promise<HandshakeProof> =>
  withKey(pair, async (key) => {
    const gateRandom = randomBytes(32);
    const clientRandom = clientRandomOf(nonce, gateRandom);
    const { client, server, proof } = await shakeHands({ key, client: { clientRandom } });
    client.destroy();
    server.destroy();
    return { messages: proof.messages, nonce, gateRandom };
  });

export const settings: machines.MachineSettings = {
  host: '',
  checker: '',
  timeoutMs: 300_000,
  extendedTimeoutMs: 900_000,
  intervalMs: 120_000,
  approvalDelayMs: 0,
  approvalDurationMs: 1_000,
  approvedByDefault: true,
};

/** A started keep, and what a test does with it. */
export interface StartedKeep extends AsyncDisposable {
  readonly keep: Keep;
  readonly store: SqliteStore;
  /** The keep's own. */
  readonly directory: string;
  readonly admin: Client;
  readonly gate: Client;
  readonly watch: Client;
  readonly clock: MovedClock;
  readonly secret: { readonly kind: 'key-file'; readonly secret: Buffer };
  readonly source: { readonly address: string; readonly port: number };
  unseal(): Promise<void>;
  /** Ends this keep and starts another one on its store, sealed, with the clock moved by `clockMs`, maybe with other modules. */
  restart(clockMs: number, modules?: readonly string[]): Promise<StartedKeep>;
  /** Enrols a machine with a fresh key. */
  enroll(name: string, change?: Partial<machines.NewMachine>): Promise<KeyPair>;
  /** Fetches as an honest gate does for the holder of `pair`. */
  fetch(pair: KeyPair, signal?: AbortSignal): ReturnType<typeof fetchWith>;
}

const fetchWith = async (gate: Client, proof: HandshakeProof, source: StartedKeep['source'], signal?: AbortSignal) => {
  const input = { proof: { ...proof, messages: [...proof.messages] }, source };
  return await gate.call(machines.fetch, input, signal === undefined ? {} : { signal });
};

/** Starts a keep on a fresh store, sealed. */
export const startKeep = async (change: Partial<KeepOptions> = {}): Promise<StartedKeep> => {
  const directory = mkdtempSync(join(tmpdir(), 'chatelaine-keep-'));
  const anchorPath = join(directory, 'anchor');
  const store = await openSqliteStore({ path: storePath(directory), create: true, purpose: 'development' });
  const secret = { kind: 'key-file', secret: Buffer.alloc(32, 7) } as const;
  const slot = { ...secret, label: 'first' };
  const made = await createVault({ store, purpose: 'development', slot, anchorPath, nowUnixMs: 1_800_000_000_000 });
  if (made.kind === 'refused') throw new Error(made.code);
  await made.value.close();
  return await startOn(directory, store, new MovedClock(), change);
};

const startOn = async (
  directory: string,
  store: SqliteStore,
  clock: MovedClock,
  change: Partial<KeepOptions>,
): Promise<StartedKeep> => {
  const anchorPath = join(directory, 'anchor');
  let hasEnded = false;
  const keep = new Keep({
    store,
    anchorPath,
    directory,
    version: '0.0.0',
    known: knownModules,
    modules: ['machines', 'passwords'],
    settings: { ldap: ldapTable.parse({}) },
    log: silentLog,
    clock,
    onStopRequested: () => {},
    ...change,
  });
  const admin = clientOf(keep, 'admin');
  const gate = clientOf(keep, 'gate');
  const watch = clientOf(keep, 'watch');
  const secret = { kind: 'key-file', secret: Buffer.alloc(32, 7) } as const;
  const source = { address: '192.0.2.7', port: 4711 };
  return {
    keep,
    store,
    directory,
    admin,
    gate,
    watch,
    clock,
    secret,
    source,
    unseal: async () => {
      const opened = await admin.call(system.unseal, secret);
      if (opened.kind === 'refused') throw new Error(opened.code);
    },
    restart: async (clockMs, modules) => {
      hasEnded = true;
      await keep.close();
      clock.advance(clockMs);
      return await startOn(
        directory,
        await openSqliteStore({ path: storePath(directory), purpose: 'development' }),
        clock,
        modules === undefined ? change : { ...change, modules },
      );
    },
    enroll: async (name, more = {}) => {
      const pair = makeKeyPair();
      const machine = {
        name,
        keyId: pair.keyId,
        secret: Buffer.from(`blob of ${name}`),
        enabled: true,
        settings,
        ...more,
      };
      const enrolled = await admin.call(machines.enroll, { machines: [machine], replace: false });
      if (enrolled.kind === 'refused') throw new Error(enrolled.code);
      return pair;
    },
    fetch: async (pair, signal) => fetchWith(gate, await proveKey(pair, await nonceOf(gate)), source, signal),
    [Symbol.asyncDispose]: async () => {
      if (hasEnded) return;
      await keep.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};
