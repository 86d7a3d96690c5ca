import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type Duplex, duplexPair } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { liveSessions, openRawTls, RawKey, type RawTlsConnection, type RawTlsFailure } from './index.ts';
import { makeKeyPair } from './shake-hands.ts';

const HANDSHAKES = 50_000;
const AT_ONCE = 16;
const STEP = 10_000;
/** A leak of 400 bytes a handshake, which a session alone exceeds a hundred times, would be 4 MB in each step. */
const MAX_STEP_GROWTH_BYTES = 4_000_000;

const inMebibytes = (bytes: number): string => (bytes / 1_048_576).toFixed(1);

/** A small fast generator (mulberry32), so that a failure can be replayed. */
const generator = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

/** Lets so many bytes through, in both directions together, then cuts the line, in the middle of a write if need be. */
const breakAfter = (bytes: number, near: Duplex, far: Duplex): void => {
  let left = bytes;
  for (const stream of [near, far]) {
    const write = stream.write.bind(stream) as (chunk: Buffer) => boolean;
    stream.write = (chunk: Buffer) => {
      const passed = chunk.subarray(0, left);
      left -= passed.length;
      if (passed.length > 0) write(passed);
      if (left === 0) {
        setImmediate(() => {
          near.destroy();
          far.destroy();
        });
      }
      return true;
    };
  }
};

const receiveAll = async (server: RawTlsConnection): Promise<number> => {
  let sizeBytes = 0;
  for (;;) {
    const received = await server.receive();
    if (received.kind !== 'data') return received.kind === 'end' ? sizeBytes : -1;
    sizeBytes += received.bytes.length;
  }
};

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');
const secret = randomBytes(1_200);

const serve = async (outcome: RawTlsConnection | RawTlsFailure): Promise<void> => {
  if (outcome.kind === 'failed') return;
  outcome.send(Buffer.from(secret));
  await outcome.close();
};

const fetch = async (outcome: RawTlsConnection | RawTlsFailure): Promise<boolean> => {
  if (outcome.kind === 'failed') return false;
  const sizeBytes = await receiveAll(outcome);
  if (sizeBytes !== secret.length) {
    outcome.destroy();
    return false;
  }
  return (await outcome.close()).kind === 'end';
};

test('fifty thousand handshakes, half of them broken off anywhere, leave nothing behind', async (t) => {
  const seed = Date.now() & 0x7fffffff;
  t.diagnostic(`seed ${seed}`);
  const random = generator(seed);
  const pair = makeKeyPair();
  const key = RawKey.load(pair.publicKey, pair.privateKey);
  let begun = 0;
  let whole = 0;
  let broken = 0;
  const worker = async (until: number): Promise<void> => {
    while (begun < until) {
      begun++;
      const isBroken = random() < 0.5;
      const [near, far] = duplexPair();
      // 300 bytes go for the ClientHello, about 450 and 80 for the answers, 1,250 for the secret, 20 for the last goodbye.
      if (isBroken) breakAfter(1 + Math.floor(random() * 2_000), near, far);
      const [, fetched] = await Promise.all([
        openRawTls(near, { role: 'client' }).then(serve),
        openRawTls(far, { role: 'server', key }).then(fetch),
      ]);
      if (fetched) whole++;
      else broken++;
      assert.ok(isBroken || fetched, `seed ${seed}: an undisturbed handshake failed`);
    }
  };
  /** What stays resident: the least that is seen while the collector, whose threads lag behind on a busy machine, catches up. */
  const residentAfter = async (until: number): Promise<number> => {
    await Promise.all(Array.from({ length: AT_ONCE }, () => worker(until)));
    let least = Number.POSITIVE_INFINITY;
    for (let turn = 0; turn < 40; turn++) {
      await sleep(50);
      collectGarbage();
      least = Math.min(least, process.memoryUsage.rss());
    }
    return least;
  };
  // A leak grows with every handshake; a heap that found its size, late on a busy machine, does not.
  const resident = [await residentAfter(STEP)];
  for (let until = 2 * STEP; until <= HANDSHAKES; until += STEP) resident.push(await residentAfter(until));
  const growths = resident.slice(1).map((bytes, at) => bytes - (resident[at] ?? 0));
  key.release();
  t.diagnostic(`${whole} whole, ${broken} broken off, resident memory grew by ${growths.map(inMebibytes)} MiB`);
  assert.equal(begun, HANDSHAKES);
  assert.ok(broken > HANDSHAKES * 0.45);
  assert.equal(liveSessions(), 0, 'every session was freed');
  assert.ok(Math.min(...growths) < MAX_STEP_GROWTH_BYTES, `seed ${seed}: resident memory grows: ${growths} bytes`);
});
