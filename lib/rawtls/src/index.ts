// TLS 1.3 with raw public keys. The check of a proof is also reachable alone, as `@chatelaine/rawtls/proof`, without GnuTLS.

export { FAST_PRIORITY, MANDOS_PRIORITY, PriorityError, preparePriority, RawKey } from './credentials.ts';
export { GnutlsMissingError } from './gnutls.ts';
export { clientRandomOf, type HandshakeProof, type ProvedHandshake, verifyHandshakeProof } from './proof.ts';
export {
  type ClientOptions,
  openRawTls,
  type RawTlsConnection,
  type RawTlsFailure,
  type RawTlsLimits,
  type RawTlsOptions,
  type RawTlsReceived,
  type ServerOptions,
} from './raw-tls.ts';
export { GnutlsError, liveSessions } from './tls-session.ts';
