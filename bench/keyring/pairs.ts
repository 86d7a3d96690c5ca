// Secrets set and got in one process, by a second of processor time: other programs that run meanwhile weigh on all alike.

import { execFileSync } from 'node:child_process';
import { keyctl, PasswordStore, PLAIN_RING } from '@chatelaine/keyring';
import { Entry } from '@napi-rs/keyring';

const PAIRS_AT_ONCE = 100;

const US_PER_SECOND = 1_000_000;

/** Runs `pair` for a time. */
const measure = (seconds: number, pair: () => void): number => {
  const endMs = performance.now() + seconds * 1_000;
  const before = process.cpuUsage();
  let pairs = 0;
  do {
    for (let index = 0; index < PAIRS_AT_ONCE; index++) pair();
    pairs += PAIRS_AT_ONCE;
  } while (performance.now() < endMs);
  const { user, system } = process.cpuUsage(before);
  return (pairs / (user + system)) * US_PER_SECOND;
};

const checkSame = (isSame: boolean): void => {
  if (!isSame) throw new Error('a secret came back changed');
};

/** Ours: bytes in, bytes out, wiped. */
export const ownPairs = (sizeBytes: number, seconds: number): number => {
  const store = new PasswordStore();
  const secret = Buffer.alloc(sizeBytes, 'x');
  return measure(seconds, () => {
    store.setPassword('bench', 'own', secret);
    const got = store.getPassword('bench', 'own');
    checkSame(got?.length === sizeBytes && got[sizeBytes - 1] === secret[sizeBytes - 1]);
    got?.fill(0);
  });
};

/** The same of entries written in turn, so that nothing that was just looked up can be used again. */
export const ownPairsInTurn = (sizeBytes: number, seconds: number, entries: number): number => {
  const store = new PasswordStore();
  const secret = Buffer.alloc(sizeBytes, 'x');
  let turn = 0;
  return measure(seconds, () => {
    const account = `turn ${turn++ % entries}`;
    store.setPassword('bench', account, secret);
    store.getPassword('bench', account)?.fill(0);
  });
};

/** `@napi-rs/keyring` on the same kernel; its strings, which is its faster way. */
export const napiPairs = (sizeBytes: number, seconds: number): number => {
  const entry = new Entry('bench', 'napi', { linux: { store: 'keyutils' } });
  const secret = 'x'.repeat(sizeBytes);
  return measure(seconds, () => {
    entry.setPassword(secret);
    checkSame(entry.getPassword() === secret);
  });
};

/** Debian's bindings, in a Python of their own. */
export const pythonPairs = (sizeBytes: number, seconds: number): number => {
  const program = new URL('./pairs.py', import.meta.url).pathname;
  return Number(execFileSync('/usr/bin/python3', [program, String(sizeBytes), String(seconds)]));
};

/** Debian's command: two processes a pair, by the clock on the wall. */
export const keyctlPairs = (sizeBytes: number, seconds: number): number => {
  const ring = String(keyctl.search(-3, 'keyring', PLAIN_RING));
  const input = Buffer.alloc(sizeBytes, 'x');
  const startMs = performance.now();
  let pairs = 0;
  for (; performance.now() - startMs < seconds * 1_000; pairs++) {
    const id = execFileSync('keyctl', ['padd', 'user', 'bench:keyctl', ring], { input }).toString().trim();
    checkSame(execFileSync('keyctl', ['pipe', id]).equals(input));
  }
  return (pairs / (performance.now() - startMs)) * 1_000;
};
