// Whoever edits the chain behind the store's back is found, with the place.

import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { it } from 'node:test';
import { commitOf } from './conformance/sample-transactions.ts';
import { scratchStore } from './scratch-store.ts';
import { openSqliteStore } from './sqlite-store.ts';
import { type LaneVerdict, verifyAuditLane } from './verify-audit-lane.ts';

it('names the exact place of a flipped, dropped, inserted, swapped or cut off audit record', async (t) => {
  const store = await scratchStore(t);
  for (let index = 1; index <= 20; index++) await commitOf(store, { audit: [`record ${index}`] });
  await store.close();
  const edits: Record<string, Pick<LaneVerdict, 'kind' | 'sequence'>> = {
    "UPDATE audit SET payload = CAST('record x' AS BLOB) WHERE position = 7": { kind: 'altered', sequence: 7 },
    'UPDATE audit SET hash = zeroblob(32) WHERE position = 7': { kind: 'altered', sequence: 7 },
    'DELETE FROM audit WHERE position = 7': { kind: 'missing', sequence: 7 },
    'DELETE FROM audit WHERE position = 1': { kind: 'missing', sequence: 1 },
    'UPDATE audit SET position = position + 1000 WHERE position >= 7; UPDATE audit SET position = position - 999 WHERE position > 1000; INSERT INTO audit SELECT 7, hash, payload FROM audit WHERE position = 8':
      { kind: 'altered', sequence: 8 },
    'UPDATE audit SET position = 99 WHERE position = 7; UPDATE audit SET position = 7 WHERE position = 8; UPDATE audit SET position = 8 WHERE position = 99':
      { kind: 'altered', sequence: 7 },
    'DELETE FROM audit WHERE position >= 15': { kind: 'missing', sequence: 15 },
    'DELETE FROM audit': { kind: 'missing', sequence: 1 },
    "UPDATE head SET number = 19 WHERE name = 'lane/0'": { kind: 'altered', sequence: 19 },
    "DELETE FROM head WHERE name = 'lane/0'": { kind: 'beyond-head', sequence: 1 },
    "INSERT INTO audit VALUES (21, zeroblob(32), x'00')": { kind: 'beyond-head', sequence: 21 },
  };
  for (const [index, [edit, expected]] of Object.entries(edits).entries()) {
    const path = `${store.path}-edit-${index}`;
    copyFileSync(store.path, path);
    const db = new DatabaseSync(path);
    db.exec(edit);
    db.close();
    const edited = await openSqliteStore({ path });
    const { kind, sequence } = await verifyAuditLane(edited, 0);
    await edited.close();
    assert.deepEqual({ kind, sequence }, expected, edit);
  }
});
