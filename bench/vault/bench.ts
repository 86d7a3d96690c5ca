// Measures the vault beside the bare primitives that it stands on, in one run, and prints ratios: a record read, opened, put
// and recorded in the audit, on a store that costs nothing, beside sealing and opening alone; the check of the audit
// on the embedded store beside SHA-256 alone.

import { hash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CHEAP_COST, fillRandom, openSealed, SecretBytes, sealInto } from '@chatelaine/secret';
import { type Entry, openSqliteStore, type SqliteStore, type Store } from '@chatelaine/store';
import { createVault, type Vault, verifyAuditChain } from '@chatelaine/vault';

const HELP = `usage: node bench/vault/bench.ts [--rounds N] [--quick] [--json]

CPU time of sealed records beside the bare primitives, and audit records checked a second beside bare SHA-256.

  --rounds N   interleaved rounds, of which the median counts, 1 to 9 (5)
  --quick      one short round
  --json       one JSON document on stdout, words on stderr
  --help       this text
`;

const RECORDS = 1_000;
const RECORD_BYTES = 1_200;
const AUDIT_BYTES = 300;
/** Of the record and the audit payload beside what is inside. */
const OVERHEAD_BYTES = 16;

/** Microseconds of CPU, of all threads, that one `once` takes. */
const measureCpu = async (times: number, once: (index: number) => Promise<void> | void): Promise<number> => {
  const before = process.cpuUsage();
  for (let index = 0; index < times; index++) await once(index);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / times;
};

/** What no vault could save: opening one record, sealing one record and one audit payload. */
const barePrimitives = (): (() => void) => {
  const key = SecretBytes.random(32);
  const [nonce, associated] = [new Uint8Array(24), new Uint8Array(100)];
  const [record, audit] = [new Uint8Array(RECORD_BYTES), new Uint8Array(AUDIT_BYTES)];
  const sealedRecord = new Uint8Array(RECORD_BYTES + OVERHEAD_BYTES);
  const sealedAudit = new Uint8Array(AUDIT_BYTES + OVERHEAD_BYTES);
  return () => {
    const options = { key: key.bytes, nonce, associated };
    for (const [sealed, plain] of [
      [sealedRecord, record],
      [sealedAudit, audit],
    ] as const) {
      fillRandom(nonce);
      sealInto(sealed, plain, options);
      if (sealed === sealedRecord) openSealed(sealed, options)?.release();
    }
  };
};

const makeVault = async (store: Store, directory: string): Promise<Vault> => {
  const made = await createVault({
    store,
    purpose: 'development',
    slot: { kind: 'key-file', secret: Buffer.alloc(32, 1), label: 'bench' },
    anchorPath: join(directory, 'anchor'),
    nowUnixMs: Date.now(),
    argon2: CHEAP_COST,
  });
  if (made.kind === 'refused') throw new Error(made.code);
  return made.value;
};

const pathOf = (index: number): string => `zurich/rack${index % 7}/machine${index % RECORDS}`;

/** Puts the records and gives a store that answers reads from memory and commits nothing. */
const freeStore = async (store: SqliteStore, vault: Vault): Promise<Partial<Store>> => {
  for (let index = 0; index < RECORDS; index += 50) {
    const tx = vault.begin();
    for (let at = index; at < index + 50; at++) tx.put('machines', pathOf(at), new Uint8Array(RECORD_BYTES));
    await tx.commit();
  }
  const page = await store.list(Uint8Array.of(3), { limit: 1_000 });
  if ('kind' in page) throw new Error('the records are gone');
  const textOf = (key: Uint8Array): string => Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
  const entries = new Map<string, Entry>(page.entries.map((entry) => [textOf(entry.key), entry]));
  return {
    get: async (key) => entries.get(textOf(key)),
    commit: async () => ({ kind: 'committed', revision: 1, audit: [] }),
  };
};

const readAndWrite = (vault: Vault) => {
  const [value, audit] = [new Uint8Array(RECORD_BYTES), new Uint8Array(AUDIT_BYTES)];
  return async (index: number): Promise<void> => {
    const tx = vault.begin();
    const record = await tx.get('machines', pathOf(index));
    tx.put('machines', pathOf(index), value);
    tx.appendAudit(0, audit);
    await tx.commit();
    record?.value.release();
  };
};

const fillAudit = async (vault: Vault, records: number): Promise<void> => {
  const audit = new Uint8Array(AUDIT_BYTES);
  const append = async (): Promise<void> => {
    const tx = vault.begin();
    for (let index = 0; index < 100; index++) tx.appendAudit(0, audit);
    await tx.commit();
  };
  for (let done = 0; done < records; done += 3_200) await Promise.all(Array.from({ length: 32 }, append));
};

const checkAudit = async (store: Store): Promise<number> => {
  const start = performance.now();
  for await (const check of verifyAuditChain(store)) {
    if (check.kind === 'broken') throw new Error(check.explanation);
    if (check.kind === 'intact') return (check.records / (performance.now() - start)) * 1_000;
  }
  throw new Error('the check had no result');
};

const bareHashes = (): number => {
  const input = new Uint8Array(AUDIT_BYTES + 107);
  const start = performance.now();
  for (let index = 0; index < 100_000; index++) hash('sha256', input, 'buffer');
  return (100_000 / (performance.now() - start)) * 1_000;
};

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

const run = async (directory: string, rounds: number, operations: number, auditRecords: number) => {
  const store = await openSqliteStore({ path: join(directory, 'store.db'), create: true, purpose: 'development' });
  const vault = await makeVault(store, directory);
  try {
    await fillAudit(vault, auditRecords);
    const answers = await freeStore(store, vault);
    const { get, commit } = store;
    const bare = barePrimitives();
    const sealed = readAndWrite(vault);
    const all: Record<'bareUs' | 'vaultUs' | 'hashes' | 'checked', number[]> = {
      bareUs: [],
      vaultUs: [],
      hashes: [],
      checked: [],
    };
    for (let round = -1; round < rounds; round++) {
      Object.assign(store, answers);
      const vaultUs = await measureCpu(operations, sealed);
      Object.assign(store, { get, commit });
      const bareUs = await measureCpu(operations, bare);
      const [checked, hashes] = [await checkAudit(store), bareHashes()];
      // The first one warms up.
      if (round < 0) continue;
      all.bareUs.push(bareUs);
      all.vaultUs.push(vaultUs);
      all.hashes.push(hashes);
      all.checked.push(checked);
    }
    return {
      bareUs: median(all.bareUs),
      vaultUs: median(all.vaultUs),
      hashes: median(all.hashes),
      checked: median(all.checked),
    };
  } finally {
    await vault.close();
    await store.close();
  }
};

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const rounds = values.quick ? 1 : Number(values.rounds);
if (values.help) process.stdout.write(HELP);
else if (!(Number.isInteger(rounds) && rounds >= 1 && rounds <= 9)) {
  process.stderr.write(`--rounds is a whole number from 1 to 9\n${HELP}`);
  process.exitCode = 2;
} else {
  const directory = mkdtempSync(join(tmpdir(), 'chatelaine-bench-vault-'));
  try {
    const figures = await run(directory, rounds, values.quick ? 5_000 : 30_000, values.quick ? 20_000 : 150_000);
    const ratios = { vaultToBare: figures.vaultUs / figures.bareUs, checkedToHashes: figures.checked / figures.hashes };
    if (values.json) process.stdout.write(`${JSON.stringify({ rounds, figures, ratios })}\n`);
    else {
      const { vaultUs, bareUs, checked, hashes } = figures;
      process.stdout.write(
        `get, open, put and audit: ${vaultUs.toFixed(1)} us of CPU, the bare primitives ${bareUs.toFixed(1)} us (x ${ratios.vaultToBare.toFixed(1)})\n` +
          `audit records checked: ${checked.toFixed(0)}/s, bare SHA-256 ${hashes.toFixed(0)}/s (x ${ratios.checkedToHashes.toFixed(2)})\n`,
      );
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}
