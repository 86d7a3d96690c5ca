import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { forgetPeer, makePeer, openBlob, readPeers, writePeer } from './peer-files.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'chatelaine-peers-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const place = { address: '192.0.2.1', port: 4711, slot: '0123456789abcdef' };

test('what the other server kept opens with the files of this one, and with no others', async () => {
  const made = makePeer();
  await writePeer(directory, made, place);
  const [peer, ...more] = await readPeers(directory);
  assert.ok(peer);
  assert.deepEqual(more, []);
  assert.deepEqual({ ...peer, directory: '' }, { ...place, directory: '' });
  assert.equal(statSync(path.join(peer.directory, 'wrap.key')).mode & 0o777, 0o600);
  const opened = openBlob(peer, made.blob);
  assert.ok(opened);
  assert.deepEqual(Buffer.from(opened.bytes), made.slotSecret);
  opened.release();
  for (let at = 0; at < made.blob.length; at++) {
    const altered = Buffer.from(made.blob);
    altered[at] = (altered[at] ?? 0) ^ 1;
    assert.equal(openBlob(peer, altered), undefined, `byte ${at}`);
  }
  assert.equal(openBlob(peer, made.blob.subarray(1)), undefined);
  assert.equal(openBlob(peer, makePeer().blob), undefined, 'made for another server');
  forgetPeer(directory, place.slot);
  assert.deepEqual(await readPeers(directory), []);
});

test('a server that never had a peer has none', async () => {
  assert.deepEqual(await readPeers(path.join(directory, 'nowhere')), []);
});
