// Files that a person or another program hands to a process: the configuration, a peer's link key, a session's token, and a store
// or a backup of one. They lie in memory where that can be.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { busTable, ConfigError, courierTable, keepTable, loadConfig, watchTable } from '@chatelaine/process';
import { openSqliteStore } from '@chatelaine/store';
import fc from 'fast-check';
import * as z from 'zod';
import { PeerKeyFileError, parsePeerKey } from '../../lib/link/src/peer-key.ts';
import { parseToken } from '../../lib/session/src/token.ts';
import { openStoreFile } from '../../lib/store/src/open-store-file.ts';
import { RecordReader } from '../../lib/store/src/record-reader.ts';
import { StoreError } from '../../lib/store/src/store-error.ts';
import { inspectStoreFile } from '../../lib/store/src/store-file.ts';
import { fuzzDecoder } from './fuzz-decoder.ts';

const directory = mkdtempSync(path.join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'chatelaine-fuzz-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const file = (name: string): string => path.join(directory, name);

const tables = ['keep', 'gate', 'gate.mandos', 'watch', 'bus', 'courier', 'log', 'admin', 'nobody'];
const names = [
  'directory',
  'socket',
  'pid_file',
  'anchor',
  'modules',
  'unseal_key_file',
  'listen',
  'level',
  'account',
  'hooks',
  'other',
  '"quoted key"',
  "'literal'",
  'a.b.c',
];
const value = fc.oneof(
  fc.constantFrom(
    '"/var/lib/chatelaine"',
    '[]',
    '["machines"]',
    '[\n "a",\n # why\n]',
    '{ a = 1, b = "x" }',
    'true',
    '1',
    '0x10',
    '1979-05-27T07:32:00Z',
    '"""\nmany\\\n  lines"""',
    "'''x'''",
    'inf',
    '"\\u00e9"',
    '"\\e"',
  ),
  fc.string({ maxLength: 8 }).map((text) => JSON.stringify(text)),
);
const pair = fc.tuple(fc.constantFrom(...names), value).map(([name, given]) => `${name} = ${given}\n`);
const table = fc
  .tuple(fc.constantFrom(...tables), fc.boolean(), fc.array(pair, { maxLength: 5 }))
  .map(([name, isList, pairs]) => `${isList && name === 'nobody' ? `[[${name}]]` : `[${name}]`}\n${pairs.join('')}`);
const own = z.object({ keep: keepTable, watch: watchTable, bus: busTable, courier: courierTable });

fuzzDecoder({
  name: 'config',
  grammar: fc
    .array(table, { maxLength: 4 })
    .map((parts) => Buffer.from(`purpose = "development"\n${parts.join('\n')}`)),
  words: [
    '[',
    ']',
    '[[',
    ']]',
    '=',
    '"""',
    "'''",
    '\\',
    '{',
    '}',
    '#',
    '.',
    '"',
    '\\u',
    'purpose',
    '__proto__',
    'constructor.prototype = 1\n',
  ],
  refusals: [ConfigError],
  decode: (input) => {
    writeFileSync(file('chatelaine.toml'), input, { mode: 0o600 });
    loadConfig(file('chatelaine.toml'), own);
    return true;
  },
});

const peerKey = fc
  .record(
    {
      format: fc.constantFrom(1, 2, '1'),
      identity: fc.constantFrom('gate', 'Gate', ''),
      role: fc.constantFrom('gate', 'admin', 'none'),
      uid: fc.oneof(fc.nat(), fc.constant(-1), fc.constant('0')),
      key: fc.constantFrom('A'.repeat(43).concat('='), 'AAAA', ''),
    },
    { requiredKeys: ['format'] },
  )
  .map((fields) => Buffer.from(`${JSON.stringify(fields)}\n`));

fuzzDecoder({
  name: 'peer-key',
  grammar: peerKey,
  words: ['"uid":4294967295', '"role":"constructor"', 'null', '[]', '"__proto__":{}'],
  refusals: [PeerKeyFileError],
  decode: (input) => parsePeerKey(input.toString('utf8'), 'x').key.length === 32,
});

fuzzDecoder({
  name: 'session-token',
  grammar: fc
    .tuple(fc.constantFrom(0, 1, 2, 3), fc.uint8Array({ minLength: 76, maxLength: 76 }))
    .map(([kind, rest]) => Buffer.from(`sk2_${Buffer.concat([Buffer.from([2, kind]), rest]).toString('base64url')}`)),
  decode: (input) => parseToken(input.toString('latin1')) !== undefined,
});

/** A small store with everything in it, as a backup is one. */
const makeBackup = async (): Promise<Buffer> => {
  const store = await openSqliteStore({ path: file('made.db'), create: true, purpose: 'development' });
  for (let number = 0; number < 30; number++) {
    const key = Buffer.from(`record ${number % 20}`);
    await store.commit({
      conditions: [],
      puts: [{ key, value: Buffer.alloc(number * 100, number) }],
      deletes: [],
      audit: [{ lane: number % 2, payload: key }],
    });
  }
  await store.backup(file('backup.db'));
  await store.close();
  return readFileSync(file('backup.db'));
};
const backup = await makeBackup();
const sqlWords = [
  'SQLite format 3\0',
  'Chat',
  'CREATE TABLE',
  'record',
  'audit',
  'meta',
  'head',
  'revision',
  'lane/0',
  'development',
  '\0\0\x10\0',
];

fuzzDecoder({
  name: 'store-head',
  grammar: fc.nat(backup.length).map((size) => backup.subarray(0, Math.max(100, size - (size % 4_096)))),
  words: sqlWords,
  refusals: [StoreError],
  decode: (input) => {
    writeFileSync(file('head.db'), input);
    return inspectStoreFile(file('head.db')) >= 0;
  },
});

fuzzDecoder({
  name: 'store',
  grammar: fc.constant(backup),
  words: sqlWords,
  // SQLite itself reads it: a thousand times the work of any other.
  oneIn: 100,
  refusals: [StoreError],
  decode: (input) => {
    const at = file('store.db');
    for (const suffix of ['-wal', '-shm', '-journal']) rmSync(at + suffix, { force: true });
    writeFileSync(at, input);
    const { db, lock } = openStoreFile({ path: at });
    try {
      const reader = new RecordReader(db, at);
      const { entries } = reader.range({ start: Buffer.alloc(0), end: Buffer.alloc(8, 0xff) }, 1_000, 1_000_000);
      for (const { key } of entries) reader.get(key);
      for (const { lane } of reader.heads()) reader.audit(lane, 1, 1_000);
      assert.ok(reader.revision() >= 0);
      return true;
    } finally {
      db.close();
      lock.close();
    }
  },
});
