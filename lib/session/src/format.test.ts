// The form of tokens and files, docs/formats/shell-session.md. The vectors were made from that page by another program, in
// another language.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import test from 'node:test';
import fc from 'fast-check';
import { encodeIdentity } from './identity.ts';
import { openSession } from './open-session.ts';
import { parseStat } from './process-entry.ts';
import { parseRecord } from './session-record.ts';
import type { Leader, Surroundings } from './surroundings.ts';
import { ScratchRuntime, surroundings, TestClock } from './testing/scratch-runtime.ts';
import { openToken, parseToken, sessionIdOf } from './token.ts';
import { deriveTokenKey } from './token-key.ts';

interface Vectors {
  readonly surroundings: Pick<Surroundings, 'bootId' | 'machineId' | 'pidNamespace'> & {
    readonly anchor: { readonly pid: number; readonly startTicks: string; readonly uid: number };
  };
  readonly identity: string;
  readonly runtimeSecret: string;
  readonly shellKey: string;
  readonly token: string;
  readonly sessionId: string;
  readonly tokenWithoutMemory: string;
  readonly sessionIdWithoutMemory: string;
  readonly files: Readonly<Record<string, string>>;
  readonly vault: string;
  readonly loggedInAtUnixMs: number;
  readonly key: string;
}

const vectors: Vectors = JSON.parse(readFileSync(new URL('../vectors/session.json', import.meta.url), 'utf8'));
const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
const { anchor: given, ...facts } = vectors.surroundings;
const anchor: Leader = { ...given, startTicks: BigInt(given.startTicks) };

test('the identity is the bytes that the page says', () => {
  assert.equal(encodeIdentity(facts, anchor).toString('hex'), vectors.identity);
});

test('a token of each kind has its id and gives its shell key', () => {
  for (const [text, id] of [
    [vectors.token, vectors.sessionId],
    [vectors.tokenWithoutMemory, vectors.sessionIdWithoutMemory],
  ] as const) {
    const token = parseToken(text);
    assert.ok(token !== undefined);
    assert.equal(sessionIdOf(token), id);
    using tokenKey = deriveTokenKey(token, bytes(vectors.identity), bytes(vectors.runtimeSecret));
    using shellKey = openToken(token, tokenKey);
    assert.equal(shellKey?.bytes.toString('hex'), vectors.shellKey);
  }
});

test('a session of today opens for ever', () => {
  using runtime = new ScratchRuntime();
  mkdirSync(runtime.in(vectors.sessionId), { recursive: true, mode: 0o700 });
  for (const [name, content] of Object.entries(vectors.files)) {
    writeFileSync(runtime.in(vectors.sessionId, name), bytes(content), { mode: 0o600 });
  }
  const here = surroundings({ ...facts, shell: anchor, leaders: [anchor] });
  const opened = openSession(vectors.token, {
    ...runtime.options,
    surroundings: here,
    clock: new TestClock(),
  });
  assert.ok(opened.kind === 'opened', JSON.stringify(opened));
  using session = opened.session;
  const { loggedInAtUnixMs } = vectors;
  assert.deepEqual(session.vaults(), [{ name: vectors.vault, isCurrent: true, loggedInAtUnixMs }]);
  const answer = session.key();
  assert.ok(answer.kind === 'key');
  using key = answer.key;
  assert.equal(key.bytes.toString('hex'), vectors.key);
});

test('whatever is read, the answer is a value', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.string({ maxLength: 120, unit: 'binary' }), (any, text) => {
      const start = bytes(vectors.files['session'] ?? '').subarray(0, 72);
      assert.equal(parseRecord(Buffer.concat([start, any])), undefined);
      assert.equal(parseToken(text), undefined);
      assert.equal(parseToken(`sk2_${text}`), undefined);
      parseStat(text);
      parseStat(`1 (${text}) S ${text}`);
    }),
  );
  const json = fc.dictionary(
    fc.constantFrom('bootId', 'machineId', 'pid', 'uid', 'startTicks', 'idleMs'),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(fc.oneof(json, fc.jsonValue()), (value) => {
      const start = bytes(vectors.files['session'] ?? '').subarray(0, 72);
      assert.equal(parseRecord(Buffer.concat([start, Buffer.from(JSON.stringify(value))])), undefined);
    }),
  );
});
