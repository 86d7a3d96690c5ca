// Whether a password can be found in the memory of a process that has derived hashes of it and wiped its own copy. The
// process is this file again, with names of formats for arguments; this one looks into /proc/PID/mem.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { test } from 'node:test';
import { type FormatOptions, formats } from './index.ts';

const PASSWORD_BYTES = 48;
/** The middle of it: a whole copy contains it, and what a rounding overwrites at the ends does not matter. */
const SOUGHT = { from: 8, to: 40 };

const options: Readonly<Record<string, FormatOptions>> = {
  bcrypt: { cost: 4 },
  dovecot: { scheme: 'SHA512-CRYPT' },
  gostyescrypt: { cost: 1 },
  htdigest: { username: 'joe', realm: 'realm' },
  scrypt: { cost: 6 },
  yescrypt: { cost: 1 },
};

const deriveAndWait = async (names: readonly string[], wipes: boolean): Promise<void> => {
  const plain = Buffer.from(new ArrayBuffer(PASSWORD_BYTES));
  readSync(0, plain);
  for (const name of names) {
    const random = (target: Uint8Array): void => {
      randomFillSync(target);
    };
    const request = { plain, key: 'key', options: options[name] ?? {}, random, nowUnixMs: 0 };
    const derived = await formats.get(name)?.derive(request);
    if (derived?.kind !== 'derived') throw new Error(`${name}: ${derived?.message}`);
    const verdict = await formats.get(name)?.verify?.(plain, derived.value);
    if (verdict?.kind !== 'match') throw new Error(`${name} does not match`);
  }
  if (wipes) plain.fill(0);
  writeSync(1, 'done\n');
  process.stdin.resume();
};

const placesInMemory = (pid: number, sought: Buffer): readonly string[] => {
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const places: string[] = [];
  for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
    const [, from = '', to = '', name = ''] = /^([0-9a-f]+)-([0-9a-f]+) rw\S+ \S+ \S+ \S+ *(.*)$/.exec(line) ?? [];
    const start = Number.parseInt(from, 16);
    const size = Number.parseInt(to, 16) - start;
    // Reserved address space holds nothing, and cannot be read.
    if (!(size > 0) || size > 2 ** 30) continue;
    const bytes = Buffer.alloc(size);
    try {
      readSync(memory, bytes, 0, size, start);
    } catch {
      continue;
    }
    if (bytes.includes(sought)) places.push(`${name || 'anonymous'} ${from}`);
  }
  closeSync(memory);
  return places;
};

const placesAfter = async (names: readonly string[], mode: 'wipe' | 'keep'): Promise<readonly string[]> => {
  const letters = Buffer.alloc(PASSWORD_BYTES);
  randomFillSync(letters);
  const password = Buffer.from(letters.map((byte) => 0x61 + (byte % 26)));
  const child: ChildProcess = spawn(process.execPath, [import.meta.filename, mode, ...names], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  try {
    child.stdin?.write(password);
    const [said] = await Promise.race([once(child.stdout ?? assert.fail('no output'), 'data'), ended]);
    assert.equal(String(said), 'done\n');
    return placesInMemory(child.pid ?? assert.fail('no child'), password.subarray(SOUGHT.from, SOUGHT.to));
  } finally {
    child.stdin?.end();
    child.kill();
    await ended;
  }
};

// PBKDF2 and argon2 of Node.js copy the password for their thread, libxcrypt's MD5 leaves it on the stack of its thread;
// neither wipes that.
const left = new Set(['argon2', 'django', 'md5crypt', 'pbkdf2', 'pgsql']);

const [, , mode, ...names] = process.argv;
if (mode === 'wipe' || mode === 'keep') {
  await deriveAndWait(names, mode === 'wipe');
} else {
  test('a password that is still there is found', async () => {
    assert.notDeepEqual(await placesAfter(['mysql'], 'keep'), []);
  });

  test('the formats leave no copy of the password in memory', async () => {
    const derived = [...formats.values()].filter(({ kind }) => kind === 'derived').map(({ name }) => name);
    const wiping = derived.filter((name) => name !== 'plain' && !left.has(name));
    assert.ok(wiping.length > 15);
    assert.deepEqual(await placesAfter(wiping, 'wipe'), []);
  });
}
