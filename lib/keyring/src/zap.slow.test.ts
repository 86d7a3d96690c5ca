// What is left of a secret in the memory of a process that used it and zeroed what it was given. The process is looked at from outside,
// through /proc/PID/mem, so that the search itself leaves no copy.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { createInterface } from 'node:readline';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { keyctl, PasswordStore } from './index.ts';
import { fingerprintOf, makeMaterial, publicKeyIn, SealedStore } from './sealed.ts';
import { joinOwnSession } from './testing/own-session.ts';

const session = joinOwnSession();
const CHUNK_BYTES = 1 << 20;

/** How often a text of bytes is in the writable memory of a process. */
const countCopies = (pid: number, needle: Buffer): number => {
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES + needle.length);
  let copies = 0;
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
      const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
      if (from === undefined || to === undefined) continue;
      for (let at = BigInt(`0x${from}`); at < BigInt(`0x${to}`); at += BigInt(CHUNK_BYTES)) {
        const wanted = Number(BigInt(`0x${to}`) - at);
        let size = 0;
        try {
          size = readSync(memory, chunk, 0, Math.min(wanted, chunk.length), at);
        } catch {
          continue;
        }
        const text = chunk.subarray(0, size);
        // A copy that begins in the overlap is counted with the next piece.
        for (
          let found = text.indexOf(needle);
          found >= 0 && found < CHUNK_BYTES;
          found = text.indexOf(needle, found + 1)
        ) {
          copies++;
        }
      }
    }
  } finally {
    closeSync(memory);
  }
  return copies;
};

const program = fileURLToPath(new URL('./testing/zap-main.ts', import.meta.url));

/** A process in a scene: it says when it holds the secret, and when it has zeroed it. */
const copiesIn = async (scene: string, secret: Buffer, pin = ''): Promise<{ held: number; left: number }> => {
  const child: ChildProcess = spawn(process.execPath, ['--expose-gc', program, scene, pin], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const { stdin, stdout } = child;
  assert.ok(stdin !== null && stdout !== null);
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  assert.equal((await lines.next()).value, 'held');
  const held = countCopies(child.pid ?? 0, secret);
  stdin.write('\n');
  assert.equal((await lines.next()).value, 'zeroed');
  const left = countCopies(child.pid ?? 0, secret);
  stdin.end();
  await once(child, 'exit');
  return { held, left };
};

/** Found by the process under another name, so that it need not be told. */
const keep = (set: (secret: Buffer) => void): Buffer => {
  const secret = Buffer.from(randomBytes(24).toString('hex'));
  set(secret);
  return secret;
};

test('bytes that were read, set again and zeroed leave no copy', async () => {
  const secret = keep((bytes) => new PasswordStore().setPassword('zap', 'user', bytes));
  const { held, left } = await copiesIn('bytes', secret);
  assert.ok(held >= 1, 'the search finds what is there');
  assert.equal(left, 0);
});

test('a secret from under the lock leaves no copy either, nor does the private key', async () => {
  const passPhrase = Buffer.from('pass phrase');
  const material = makeMaterial(passPhrase, { logN: 4, r: 8, p: 1 });
  const pin = fingerprintOf(publicKeyIn(material));
  const store = new SealedStore({ pin });
  store.initialise(material);
  store.unlock(passPhrase, { timeoutSeconds: 0 });
  const secret = keep((bytes) => store.setPassword('zap', 'user', bytes));
  const privateKey = keyctl.read(keyctl.search(session.id, 'user', 'opening key')).subarray(0, 32);
  const found = await copiesIn('sealed', secret, pin);
  assert.ok(found.held >= 1);
  assert.equal(found.left, 0);
  assert.equal((await copiesIn('sealed', privateKey, pin)).left, 0);
});

test('a string cannot be zeroed: this is why there are bytes', async () => {
  const secret = keep((bytes) => new PasswordStore().setPassword('zap', 'user', bytes));
  assert.ok((await copiesIn('string', secret)).left >= 1);
});
