// What the time of an answer tells: whether a name exists, a token was once good, or how much of a guess was right. Compared in
// the keep itself, behind every front, where no network blurs it. With it run what proves the method: the same against the same
// must show no difference, and a leak that is planted must be caught.
//
// CHATELAINE_TIMING_SAMPLES says how many samples; scripts/test --long timing takes many more.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import { machines, type Result, tokens } from '@chatelaine/contract';
import type { HandshakeProof } from '@chatelaine/rawtls';
import { makeKeyPair } from '@chatelaine/rawtls/testing';
import { areEqualBytes } from '@chatelaine/secret';
import { areEqualBytes as areEqualHashes } from '../../lib/password-hash/src/equal-bytes.ts';
import { nonceOf, proveKey, type StartedKeep, startKeep } from '../../server/keep/src/testing/start-keep.ts';
import { compareTiming, type TimedWork, type TimingVerdict } from './compare-timing.ts';

const SAMPLES = Number(process.env['CHATELAINE_TIMING_SAMPLES'] ?? 2_000);
/** ISO/IEC 17825 draws the line at 4.5; a busy machine is given some room. */
const MAX_T = 6;
/** Less than this cannot be measured from outside. */
const MAX_DIFFERENCE = 0.03;
/** A difference that is there is there each time; one by chance is not. */
const ROUNDS = 4;

const shows = ({ t, difference }: TimingVerdict): boolean =>
  Math.abs(t) > MAX_T && Math.abs(difference) > MAX_DIFFERENCE;

/** Whether a difference shows in every round; the verdict of the last. */
const difference = async <Input>(work: TimedWork<Input>): Promise<TimingVerdict & { readonly isThere: boolean }> => {
  for (let round = 1; ; round++) {
    const verdict = await compareTiming(work, SAMPLES);
    if (!shows(verdict) || round === ROUNDS) return { ...verdict, isThere: shows(verdict) };
  }
};

const describe = ({ t, difference: share }: TimingVerdict): string =>
  `t = ${t.toFixed(1)}, ${(share * 100).toFixed(2)} %`;

/** Ends at the first byte that differs, as it must not be. */
const areEqualNaively = (a: Uint8Array, b: Uint8Array): boolean => {
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
};

suite('comparisons', () => {
  const secret = randomBytes(64);
  const wrongAt = (at: number): Buffer => {
    const guess = Buffer.from(secret);
    guess[at] = (guess[at] ?? 0) ^ 1;
    return guess;
  };
  const first = wrongAt(0);
  const last = wrongAt(63);
  const comparing = (isEqual: (a: Uint8Array, b: Uint8Array) => boolean): TimedWork<Buffer> => ({
    first: () => first,
    second: () => last,
    run: (guess) => isEqual(secret, guess),
    repeat: 500,
  });

  for (const [name, isEqual] of [
    ['of secrets', areEqualBytes],
    ['of hashes', areEqualHashes],
  ] as const) {
    test(`${name} take the same time wherever a guess is wrong`, async (t) => {
      const verdict = await difference(comparing(isEqual));
      t.diagnostic(describe(verdict));
      assert.ok(!verdict.isThere, describe(verdict));
    });
  }

  test('of the same against the same show no difference', async (t) => {
    const verdict = await difference({ ...comparing(areEqualNaively), first: () => last });
    t.diagnostic(describe(verdict));
    assert.ok(!verdict.isThere, describe(verdict));
  });

  test('that end at the first wrong byte are caught', async (t) => {
    const verdict = await difference(comparing(areEqualNaively));
    t.diagnostic(describe(verdict));
    assert.ok(verdict.isThere, describe(verdict));
  });
});

suite('answers of the keep', () => {
  let keep: StartedKeep;
  let revoked: Buffer;
  let stranger: Buffer;
  let powerless: Buffer;
  let known: HandshakeProof;
  let unknown: HandshakeProof;

  const codeOf = (result: Result<unknown>): string => (result.kind === 'refused' ? result.code : result.kind);

  /** As the HTTP front asks for somebody. */
  const show = async (name: string, credential: Uint8Array): Promise<string> =>
    codeOf(await keep.gate.call(machines.show, { name }, { credential, source: '192.0.2.7' }));

  /** As the Mandos front asks for a machine. */
  const fetch = async (proof: HandshakeProof): Promise<string> =>
    codeOf(
      await keep.gate.call(machines.fetch, { proof: { ...proof, messages: [...proof.messages] }, source: keep.source }),
    );

  const guess = (): Buffer => Buffer.from(`cht_${randomBytes(32).toString('base64url')}`);

  const damaged = (proof: HandshakeProof): HandshakeProof => {
    const messages = proof.messages.map((message) => Buffer.from(message));
    const last = messages.at(-1);
    if (last !== undefined) last[last.length - 1] = (last.at(-1) ?? 0) ^ 1;
    return { ...proof, messages };
  };

  before(async () => {
    keep = await startKeep();
    await keep.unseal();
    const pair = await keep.enroll('web1');
    const grants = [{ capability: 'machines.read', path: 'elsewhere/**' }];
    const made = async (name: string): Promise<Buffer> => {
      const answer = await keep.admin.call(tokens.create, { name, expiresInMs: null, groups: [], grants });
      assert.ok(answer.kind === 'ok');
      return Buffer.from(answer.value.token);
    };
    revoked = await made('revoked');
    assert.equal((await keep.admin.call(tokens.revoke, { name: 'revoked' })).kind, 'ok');
    powerless = await made('powerless');
    stranger = guess();
    const nonce = await nonceOf(keep.gate);
    known = damaged(await proveKey(pair, nonce));
    unknown = damaged(await proveKey(makeKeyPair(), nonce));
  });
  after(() => keep[Symbol.asyncDispose]());

  const sameTime = (name: string, work: () => TimedWork<unknown>): void => {
    test(`${name} take the same time`, async (t) => {
      const verdict = await difference(work());
      t.diagnostic(describe(verdict));
      assert.ok(!verdict.isThere, describe(verdict));
    });
  };

  test('all of these refusals have the same words', async () => {
    assert.equal(await show('web1', guess()), await show('web1', revoked));
    assert.equal(await show('web1', powerless), await show('nowhere', powerless));
    assert.equal(await fetch(known), await fetch(unknown));
  });

  sameTime('http: a token that never was, and one that was revoked,', () => ({
    // Both asked with before: where a name leads in the store is remembered for a while, whether anything is there or not.
    first: () => Buffer.from(stranger),
    second: () => Buffer.from(revoked),
    run: (credential) => show('web1', credential as Buffer),
  }));

  sameTime('http: a machine that is there, and one that is not, for who may not know', () => ({
    first: () => 'web1',
    second: () => 'web9',
    run: (name) => show(name as string, powerless),
  }));

  sameTime('mandos: a handshake with a wrong signature of a known key, and of an unknown one,', () => ({
    first: () => known,
    second: () => unknown,
    run: (proof) => fetch(proof as HandshakeProof),
  }));

  sameTime('the same and the same', () => ({
    first: guess,
    second: guess,
    run: (credential) => show('web1', credential as Buffer),
  }));

  test('one look into the store more, for one of two, is caught', async (t) => {
    const verdict = await difference<readonly [Buffer, boolean]>({
      first: () => [guess(), true],
      second: () => [guess(), false],
      run: async ([credential, isLeaking]) => {
        await show('web1', credential);
        if (isLeaking) await keep.keep.kernel.open?.vault.begin().get('kernel', 'token-decoys/nothing');
      },
    });
    t.diagnostic(describe(verdict));
    assert.ok(verdict.isThere, describe(verdict));
  });
});
