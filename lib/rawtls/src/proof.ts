// The handshake as a proof of who the TLS server is, checked without GnuTLS and without trusting whoever took part in it.
// What is proved: the holder of the key signed a TLS 1.3 handshake whose ClientHello.random could not have been known
// before the keep gave out `nonce`. Every byte of every message is covered by the signature or checked here.
// RFC 8446 section 4.4 (transcript, CertificateVerify), RFC 7250 (raw public keys).

import { createHash, hash } from 'node:crypto';
import { type Refused, refuse } from '@chatelaine/contract';
import {
  isCertificateRequest,
  messageType,
  parseCertificateVerify,
  parseClientHello,
  parseRawPublicKey,
  parseServerHello,
  selectsRawPublicKey,
  typeOfMessage,
} from './handshake-messages.ts';
import { isSignedBy, keyIdOf, readRawPublicKey } from './raw-public-key.ts';

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

/** Length of the nonce, of the gate's random and of ClientHello.random. */
export const RANDOM_BYTES = 32;
const MAX_MESSAGE_BYTES = 65_536;
const MESSAGE_HASH = 254;

/** The hash of each TLS 1.3 cipher suite (RFC 8446 appendix B.4). */
const hashOfSuite: ReadonlyMap<number, 'sha256' | 'sha384'> = new Map([
  [0x1301, 'sha256'],
  [0x1302, 'sha384'],
  [0x1303, 'sha256'],
  [0x1304, 'sha256'],
  [0x1305, 'sha256'],
]);

// RFC 8446 section 4.4.3.
const SIGNED_PREFIX = Buffer.concat([
  Buffer.alloc(64, 0x20),
  Buffer.from('TLS 1.3, server CertificateVerify', 'latin1'),
  Buffer.alloc(1),
]);

/** The ClientHello.random that ties a handshake to a nonce of the keep: SHA-256(nonce ‖ gateRandom). */
export const clientRandomOf = (nonce: Uint8Array, gateRandom: Uint8Array): Buffer =>
  hash('sha256', Buffer.concat([nonce, gateRandom]), 'buffer');

interface Sequence {
  /** ClientHello and HelloRetryRequest, if there was one. */
  readonly retry?: readonly [Uint8Array, Uint8Array];
  readonly clientHello: Uint8Array;
  readonly serverHello: Uint8Array;
  readonly encryptedExtensions: Uint8Array;
  readonly certificateRequest?: Uint8Array;
  readonly certificate: Uint8Array;
  readonly certificateVerify: Uint8Array;
}

/** Puts the messages in their places, or yields undefined if they are not exactly one handshake. */
const arrange = (messages: readonly Uint8Array[]): Sequence | undefined => {
  if (messages.length < 5 || messages.length > 8) return undefined;
  const left = [...messages];
  const next = (type: number): Uint8Array | undefined => {
    const message = left[0];
    if (message === undefined || message.length > MAX_MESSAGE_BYTES || typeOfMessage(message) !== type)
      return undefined;
    return left.shift();
  };
  let clientHello = next(messageType.clientHello);
  let serverHello = next(messageType.serverHello);
  const again = next(messageType.clientHello);
  let retry: readonly [Uint8Array, Uint8Array] | undefined;
  if (again !== undefined && clientHello !== undefined && serverHello !== undefined) {
    retry = [clientHello, serverHello];
    clientHello = again;
    serverHello = next(messageType.serverHello);
  }
  const encryptedExtensions = next(messageType.encryptedExtensions);
  const certificateRequest = next(messageType.certificateRequest);
  const certificate = next(messageType.certificate);
  const certificateVerify = next(messageType.certificateVerify);
  if (clientHello === undefined || serverHello === undefined || encryptedExtensions === undefined) return undefined;
  if (certificate === undefined || certificateVerify === undefined || left.length > 0) return undefined;
  return {
    clientHello,
    serverHello,
    encryptedExtensions,
    certificate,
    certificateVerify,
    ...(retry !== undefined && { retry }),
    ...(certificateRequest !== undefined && { certificateRequest }),
  };
};

/** Checks both hellos, twice if there was a retry. Yields the hash of the suite that was agreed on. */
const checkHellos = (sequence: Sequence, random: Buffer): 'sha256' | 'sha384' | undefined => {
  const rounds: readonly (readonly [Uint8Array, Uint8Array, boolean])[] = [
    ...(sequence.retry === undefined ? [] : [[...sequence.retry, true] as const]),
    [sequence.clientHello, sequence.serverHello, false],
  ];
  let suite: number | undefined;
  for (const [clientBytes, serverBytes, isRetry] of rounds) {
    const client = parseClientHello(clientBytes);
    const server = parseServerHello(serverBytes);
    if (client === undefined || server === undefined || server.isRetry !== isRetry) return undefined;
    if (!client.random.equals(random) || !client.sessionId.equals(server.sessionId)) return undefined;
    if (!client.suites.has(server.suite) || (suite !== undefined && suite !== server.suite)) return undefined;
    suite = server.suite;
  }
  return hashOfSuite.get(suite ?? 0);
};

/** The transcript hash up to and including Certificate. After a retry the first ClientHello stands in it as its hash. */
const hashTranscript = (sequence: Sequence, suiteHash: 'sha256' | 'sha384'): Buffer => {
  const transcript = createHash(suiteHash);
  if (sequence.retry !== undefined) {
    const [first, retry] = sequence.retry;
    const digest = hash(suiteHash, first, 'buffer');
    transcript
      .update(Buffer.from([MESSAGE_HASH, 0, 0, digest.length]))
      .update(digest)
      .update(retry);
  }
  transcript.update(sequence.clientHello).update(sequence.serverHello).update(sequence.encryptedExtensions);
  if (sequence.certificateRequest !== undefined) transcript.update(sequence.certificateRequest);
  return transcript.update(sequence.certificate).digest();
};

/**
 * Checks everything about a handshake that can be checked without a clock: that it is made for this nonce, is exactly
 * one TLS 1.3 handshake with a raw public key, and is signed by that key. Whether the nonce is recent and the handshake
 * unused is for the caller to see.
 *
 * @returns the key id and a name of the handshake; refusal: `bad-proof`; never throws
 */
export const verifyHandshakeProof = (proof: HandshakeProof): ProvedHandshake | Refused => {
  const refused = refuse('bad-proof');
  if (proof.nonce.length !== RANDOM_BYTES || proof.gateRandom.length !== RANDOM_BYTES) return refused;
  const sequence = arrange(proof.messages);
  if (sequence === undefined) return refused;
  const suiteHash = checkHellos(sequence, clientRandomOf(proof.nonce, proof.gateRandom));
  if (suiteHash === undefined || !selectsRawPublicKey(sequence.encryptedExtensions)) return refused;
  if (sequence.certificateRequest !== undefined && !isCertificateRequest(sequence.certificateRequest)) return refused;
  const spki = parseRawPublicKey(sequence.certificate);
  const signed = parseCertificateVerify(sequence.certificateVerify);
  if (spki === undefined || signed === undefined) return refused;
  const key = readRawPublicKey(spki);
  if (key === undefined) return refused;
  const transcriptHash = hashTranscript(sequence, suiteHash);
  const content = Buffer.concat([SIGNED_PREFIX, transcriptHash]);
  if (!isSignedBy(key, signed.scheme, content, signed.signature)) return refused;
  return { kind: 'ok', keyId: keyIdOf(spki), transcriptHash };
};
