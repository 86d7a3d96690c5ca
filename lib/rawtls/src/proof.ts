// The handshake as a proof of who the TLS server is, checked without GnuTLS and without trusting whoever took part in it.
// RFC 8446 section 4.4 (transcript, CertificateVerify), RFC 7250 (raw public keys).

import type { Refused } from '@chatelaine/contract';

/** What the gate hands to the keep. */
export interface HandshakeProof {
  /**
   * Handshake messages with their 4-byte headers, in the order of the transcript: ClientHello, [HelloRetryRequest,
   * ClientHello,] ServerHello, EncryptedExtensions, [CertificateRequest,] Certificate, CertificateVerify.
   */
  readonly messages: readonly Uint8Array[];
  /** 32 bytes, given out by the keep. */
  readonly nonce: Uint8Array;
  /** 32 bytes of the gate's own. ClientHello.random = SHA-256(nonce ‖ gateRandom). */
  readonly gateRandom: Uint8Array;
}

export interface ProvedHandshake {
  readonly kind: 'ok';
  /** SHA-256 of the DER SubjectPublicKeyInfo, 64 lower-case hex digits. */
  readonly keyId: string;
  /** Hash of the transcript up to and including Certificate: names this handshake. */
  readonly transcriptHash: Buffer;
}

/** Checks everything that can be checked without a clock. Refusal: `bad-proof`. */
export declare const verifyHandshakeProof: (proof: HandshakeProof) => ProvedHandshake | Refused;
