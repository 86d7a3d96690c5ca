// Makes a golden store of the format that this version writes: `node lib/vault/vectors/golden/make.ts NAME`. Run once when a
// format comes into being, never again: what lies here has to open for ever. With everything in it that a format can hold.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHEAP_COST } from '@chatelaine/secret';
import { openSqliteStore } from '@chatelaine/store';
import { createVault, openDetached, type Vault } from '@chatelaine/vault';

const passPhrase = 'correct horse battery staple';
const keyFile = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
const records = [
  ['machines', 'secrets/zurich/rack1/web1', 'an encrypted blob'],
  ['machines', 'secrets/zurich/rack1/web2', 'another one'],
  ['passwords', 'mail/postmaster', 'hunter2'],
  ['passwords', 'empty', ''],
  ['passwords', 'bäckerei/größe', 'words outside ASCII'],
] as const;

const accepted = <T>(
  result: { readonly kind: 'ok'; readonly value: T } | { readonly kind: 'refused'; readonly code: string },
): T => {
  if (result.kind === 'refused') throw new Error(result.code);
  return result.value;
};

const put = async (vault: Vault): Promise<void> => {
  for (const [collection, path, value] of records) {
    const tx = vault.begin();
    tx.put(collection, path, Buffer.from(value));
    tx.appendAudit(0, Buffer.from(`put ${path}`));
    const committed = await tx.commit();
    if (committed.kind === 'committed') await vault.advanceAnchor(committed);
  }
};

const make = async (name: string, directory: string): Promise<void> => {
  const [path, anchorPath] = [join(directory, 'store.db'), join(directory, 'anchor')];
  const store = await openSqliteStore({ path, create: true, purpose: 'production' });
  const slot = { kind: 'key-file', secret: keyFile, label: 'usb stick' } as const;
  const common = {
    store,
    purpose: 'production',
    anchorPath,
    nowUnixMs: 1_800_000_000_000,
    argon2: CHEAP_COST,
  } as const;
  const vault = accepted(await createVault({ ...common, slot }));
  accepted(await vault.addSlot({ kind: 'pass-phrase', secret: Buffer.from(passPhrase) }, 'Anna', 1_800_000_000_001));
  accepted(await vault.addSlot({ kind: 'peer', secret: Buffer.alloc(32, 5) }, 'the other server', 1_800_000_000_002));
  await put(vault);
  const about: Record<string, unknown> = {
    storeId: store.id,
    rootKeyId: vault.rootKeyId,
    passPhrase,
    keyFile: keyFile.toString('hex'),
  };
  if ('beginRotation' in vault) {
    const { texts } = accepted(await vault.addSharesSlot({ threshold: 2, shares: 3 }, 'the board', 1_800_000_000_003));
    about['shares'] = texts.map(({ bytes }) => Buffer.from(bytes).toString());
    await vault.addSlot({ kind: 'systemd-creds', secret: Buffer.alloc(32, 6) }, 'this machine', 1_800_000_000_004);
    accepted(await vault.beginRotation({ root: true, data: true }, 1_800_000_000_005));
    await vault.continueRotation({ signal: new AbortController().signal, share: 1 });
    const tx = vault.begin();
    tx.appendAudit(0, Buffer.from('after the rotation'));
    await tx.commit();
    await vault.close();
    const detached = accepted(await openDetached(store, { kind: 'key-file', secret: keyFile }));
    accepted(await detached.beginEpoch(1_800_000_000_006, { lane: 0, record: Buffer.from('restored') }));
    Object.assign(about, {
      rootKeyId: detached.header.rootKeyId,
      epoch: { number: 1, startedAtUnixMs: 1_800_000_000_006 },
    });
    detached.close();
  } else await vault.close();
  const audit = (await store.auditHeads())[0]?.sequence;
  const golden = new URL(`./${name}.db`, import.meta.url).pathname;
  await store.backup(golden);
  await store.close();
  writeFileSync(
    new URL(`./${name}.json`, import.meta.url),
    `${JSON.stringify({ ...about, records, audit }, null, 2)}\n`,
  );
};

const [name] = process.argv.slice(2);
if (name === undefined || name.startsWith('-')) {
  process.stdout.write(
    'usage: node lib/vault/vectors/golden/make.ts NAME\n\nMakes NAME.db and NAME.json beside itself.\n',
  );
} else {
  const directory = mkdtempSync(join(tmpdir(), 'golden-'));
  try {
    await make(name, directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
