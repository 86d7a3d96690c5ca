// A machine's identity is proved, never claimed: the keep gives out a nonce, the gate mixes it into ClientHello.random,
// and the machine's signature over that handshake is checked here. A handshake is good for 30 seconds and for one
// request. Nonces live in memory only: after a restart every older handshake is worthless.
// RFC 8446 section 4.4.3 (CertificateVerify), RFC 7250 (raw public keys).

import { ok, type Result, refuse } from '@chatelaine/contract';
import { type HandshakeProof, verifyHandshakeProof } from '@chatelaine/rawtls/proof';
import type { Clock } from './clock.ts';

const NONCE_BYTES = 32;
/** How long a nonce may be used after it was given out. */
export const NONCE_VALID_MS = 30_000;
/** How often a new one is given out. */
export const NONCE_EVERY_MS = 10_000;
const MAX_REMEMBERED_TRANSCRIPTS = 1_000_000;

/** A key whose holder took part in a handshake made for this keep, now. */
export interface ProvedKey {
  /** SHA-256 of the DER SubjectPublicKeyInfo, 64 lower-case hex digits. */
  readonly keyId: string;
  readonly nonceAgeMs: number;
}

export class HandshakeProofs {
  readonly #clock: Clock;
  readonly #random: (sizeBytes: number) => Buffer;
  readonly #issuedAt = new Map<string, number>();
  readonly #usedAt = new Map<string, number>();
  readonly #verdicts = new WeakMap<object, Result<ProvedKey>>();
  #newest: { readonly nonce: Buffer; readonly atMs: number } | undefined;

  constructor(clock: Clock, random: (sizeBytes: number) => Buffer) {
    this.#clock = clock;
    this.#random = random;
  }

  /** The nonce to give out now; a new one every ten seconds. */
  currentNonce(): Buffer {
    const now = this.#clock.elapsedMs();
    if (this.#newest === undefined || now - this.#newest.atMs >= NONCE_EVERY_MS) {
      const nonce = this.#random(NONCE_BYTES);
      this.#newest = { nonce, atMs: now };
      this.#issuedAt.set(nonce.toString('hex'), now);
    }
    this.#forget(now);
    return this.#newest.nonce;
  }

  /** The age of a nonce that was given out and is still good; `undefined` for any other. */
  ageOf(nonce: Uint8Array): number | undefined {
    const now = this.#clock.elapsedMs();
    const issuedAt = this.#issuedAt.get(Buffer.from(nonce).toString('hex'));
    return issuedAt === undefined || now - issuedAt > NONCE_VALID_MS ? undefined : now - issuedAt;
  }

  /**
   * Checks a handshake. Refusals: `stale` (nonce unknown or too old), `replayed`, `bad-proof`, `busy`. Attempts of the
   * same `request` get the same verdict; any other request with the same handshake is refused.
   */
  check(proof: HandshakeProof, request: object): Result<ProvedKey> {
    const known = this.#verdicts.get(request);
    if (known !== undefined) return known;
    const verdict = this.#check(proof);
    this.#verdicts.set(request, verdict);
    return verdict;
  }

  #check(proof: HandshakeProof): Result<ProvedKey> {
    const now = this.#clock.elapsedMs();
    this.#forget(now);
    const nonceAgeMs = this.ageOf(proof.nonce);
    if (nonceAgeMs === undefined) return refuse('stale');
    const checked = verifyHandshakeProof(proof);
    if (checked.kind === 'refused') return refuse('bad-proof');
    // Half as large as in hex: tens of thousands are remembered.
    const transcript = checked.transcriptHash.toString('latin1');
    if (this.#usedAt.has(transcript)) return refuse('replayed');
    if (this.#usedAt.size >= MAX_REMEMBERED_TRANSCRIPTS) return refuse('busy');
    this.#usedAt.set(transcript, now);
    return ok({ keyId: checked.keyId, nonceAgeMs: Math.round(nonceAgeMs) });
  }

  // Both maps are in order of time, so forgetting stops at the first entry that is young enough. A transcript is
  // remembered for longer than any nonce it could have been made with is accepted.
  #forget(now: number): void {
    for (const [nonce, at] of this.#issuedAt) {
      if (now - at <= NONCE_VALID_MS) break;
      this.#issuedAt.delete(nonce);
    }
    for (const [transcript, at] of this.#usedAt) {
      if (now - at <= NONCE_VALID_MS + NONCE_EVERY_MS) break;
      this.#usedAt.delete(transcript);
    }
  }
}
