// The part of GnuTLS that is used here, called in-process. The library is loaded on first use; nothing else in this
// package knows that it is GnuTLS. Handles are numbers: user space addresses fit.
// GnuTLS manual, "Core TLS API"; gnutls/gnutls.h of 3.7.

import koffi from 'koffi';

/** The address of something of GnuTLS's own. */
export type Handle = number;

/** libgnutls is not installed, or too old. */
export class GnutlsMissingError extends Error {
  override readonly name = 'GnutlsMissingError';
}

const SONAME = 'libgnutls.so.30';
const HINT = 'install it (Debian: apt install libgnutls30)';
/** Raw public keys came with 3.6.6. */
const MIN_VERSION = '3.6.6';

export const flag = {
  server: 1 << 0,
  client: 1 << 1,
  nonBlock: 1 << 3,
  noSignal: 1 << 6,
  noTickets: 1 << 10,
  /** A key share for the first group only. */
  keyShareTop: 1 << 11,
  enableRawPk: 1 << 18,
} as const;

export const code = {
  ok: 0,
  unexpectedPacketLength: -9,
  fatalAlertReceived: -12,
  warningAlertReceived: -16,
  again: -28,
  prematureTermination: -110,
} as const;

export const CREDENTIALS_CERTIFICATE = 1;
export const FORMAT_PEM = 1;
export const SHUT_WRITE = 1;
export const ERRNO_AGAIN = 11;
/** Handshake hooks: every message, before GnuTLS works on it. (After it, 3.7 shows a HelloRetryRequest in part only.) */
const HOOK_ANY = 0xffff_ffff;
const HOOK_BEFORE = 0;
/** What GnuTLS calls a HelloRetryRequest; on the wire it is a ServerHello. */
export const HOOK_TYPE_HELLO_RETRY_REQUEST = 1025;
export const SERVER_DO_NOT_ASK_FOR_CERTIFICATE = 0;

type Transfer = (session: Handle, memory: Handle, sizeBytes: number) => number;
type Hook = (session: Handle, type: number, when: number, isIncoming: number, message: Handle) => number;

/** What GnuTLS calls back. Every session's transport pointer is the session itself, so that one set serves all. */
export interface Callbacks {
  /** Takes bytes for the peer. */
  readonly push: Transfer;
  /** Gives bytes of the peer; 0 at the end; -1 after `setErrno`. */
  readonly pull: Transfer;
  /** Whether there is something to pull, without waiting. */
  readonly pullTimeout: (session: Handle, timeoutMs: number) => number;
  readonly hook: Hook;
}

/** A gnutls_datum_t. */
interface Datum {
  readonly data: Buffer;
  readonly size: number;
}

/** The functions, by what they do. Out parameters are written into the given 8-byte buffer. */
export interface Gnutls {
  readonly init: (out: Buffer, flags: number) => number;
  readonly deinit: (session: Handle) => void;
  readonly handshake: (session: Handle) => number;
  readonly recordSend: (session: Handle, bytes: Buffer, sizeBytes: number) => number;
  readonly recordReceive: (session: Handle, into: Buffer, sizeBytes: number) => number;
  readonly bye: (session: Handle, how: number) => number;
  readonly sendAppropriateAlert: (session: Handle, error: number) => number;
  readonly alertReceived: (session: Handle) => number;
  readonly nameOfAlert: (alert: number) => string | null;
  readonly describe: (error: number) => string | null;
  readonly setTransport: (session: Handle, transport: Handle) => void;
  readonly setErrno: (session: Handle, errno: number) => void;
  readonly setRandom: (session: Handle, random: Datum) => number;
  readonly setPriority: (session: Handle, priority: Handle) => number;
  readonly initPriority: (out: Buffer, priority: string) => number;
  readonly setCredentials: (session: Handle, type: number, credentials: Handle) => number;
  readonly allocateCredentials: (out: Buffer) => number;
  readonly freeCredentials: (credentials: Handle) => void;
  readonly setRawKey: (credentials: Handle, spki: Datum, key: Datum, format: number) => number;
  readonly askForCertificate: (session: Handle, how: number) => void;
  /** Makes a session use the callbacks. */
  readonly attach: (session: Handle, withHook: boolean) => void;
}

const open = (library: string): ReturnType<typeof koffi.load> => {
  try {
    return koffi.load(library);
  } catch (cause) {
    throw new GnutlsMissingError(`${library} cannot be loaded: ${HINT}`, { cause });
  }
};

/**
 * Loads GnuTLS with these callbacks, which it keeps for the life of the process.
 *
 * @throws {GnutlsMissingError} with the name of the Debian package
 */
export const loadGnutls = (callbacks: Callbacks, soname = SONAME): Gnutls => {
  const library = open(soname);
  const checkVersion = library.func('gnutls_check_version', 'str', ['str']);
  if (checkVersion(MIN_VERSION) === null) {
    throw new GnutlsMissingError(`${SONAME} is ${checkVersion(null)}, but ${MIN_VERSION} is needed: ${HINT}`);
  }
  const transferType = koffi.pointer(koffi.proto('intptr_t', ['uintptr_t', 'uintptr_t', 'size_t']));
  const timeoutType = koffi.pointer(koffi.proto('int', ['uintptr_t', 'uint']));
  const hookType = koffi.pointer(koffi.proto('int', ['uintptr_t', 'uint', 'uint', 'uint', 'uintptr_t']));
  const push = koffi.register(callbacks.push, transferType);
  const pull = koffi.register(callbacks.pull, transferType);
  const pullTimeout = koffi.register(callbacks.pullTimeout, timeoutType);
  const hook = koffi.register(callbacks.hook, hookType);
  const setPush = library.func('gnutls_transport_set_push_function', 'void', ['uintptr_t', transferType]);
  const setPull = library.func('gnutls_transport_set_pull_function', 'void', ['uintptr_t', transferType]);
  const setTimeout = library.func('gnutls_transport_set_pull_timeout_function', 'void', ['uintptr_t', timeoutType]);
  const setHook = library.func('gnutls_handshake_set_hook_function', 'void', ['uintptr_t', 'uint', 'int', hookType]);
  const datumType = koffi.pointer(koffi.struct({ data: 'void *', size: 'uint' }));
  const rawKeyTypes = ['uintptr_t', datumType, datumType, 'int', 'void *', 'uint', 'void *', 'uint', 'uint'];
  const setRawKey = library.func('gnutls_certificate_set_rawpk_key_mem', 'int', rawKeyTypes);
  const initPriority = library.func('gnutls_priority_init', 'int', ['void *', 'str', 'void *']);
  const setTransport = library.func('gnutls_transport_set_ptr', 'void', ['uintptr_t', 'uintptr_t']);
  const withBytes = ['uintptr_t', 'void *', 'size_t'];
  return {
    init: library.func('gnutls_init', 'int', ['void *', 'uint']),
    deinit: library.func('gnutls_deinit', 'void', ['uintptr_t']),
    handshake: library.func('gnutls_handshake', 'int', ['uintptr_t']),
    recordSend: library.func('gnutls_record_send', 'intptr_t', withBytes),
    recordReceive: library.func('gnutls_record_recv', 'intptr_t', withBytes),
    bye: library.func('gnutls_bye', 'int', ['uintptr_t', 'int']),
    sendAppropriateAlert: library.func('gnutls_alert_send_appropriate', 'int', ['uintptr_t', 'int']),
    alertReceived: library.func('gnutls_alert_get', 'int', ['uintptr_t']),
    nameOfAlert: library.func('gnutls_alert_get_name', 'str', ['int']),
    describe: library.func('gnutls_strerror_name', 'str', ['int']),
    setTransport,
    setErrno: library.func('gnutls_transport_set_errno', 'void', ['uintptr_t', 'int']),
    setRandom: library.func('gnutls_handshake_set_random', 'int', ['uintptr_t', datumType]),
    setPriority: library.func('gnutls_priority_set', 'int', ['uintptr_t', 'uintptr_t']),
    initPriority: (out, priority) => initPriority(out, priority, null),
    setCredentials: library.func('gnutls_credentials_set', 'int', ['uintptr_t', 'int', 'uintptr_t']),
    allocateCredentials: library.func('gnutls_certificate_allocate_credentials', 'int', ['void *']),
    freeCredentials: library.func('gnutls_certificate_free_credentials', 'void', ['uintptr_t']),
    setRawKey: (credentials, spki, key, format) => setRawKey(credentials, spki, key, format, null, 0, null, 0, 0),
    askForCertificate: library.func('gnutls_certificate_server_set_request', 'void', ['uintptr_t', 'int']),
    attach: (session, withHook) => {
      setTransport(session, session);
      setPush(session, push);
      setPull(session, pull);
      setTimeout(session, pullTimeout);
      if (withHook) setHook(session, HOOK_ANY, HOOK_BEFORE, hook);
    },
  };
};

/** Reads what a function with an out parameter left. */
export const readHandle = (from: Buffer): Handle => Number(from.readBigUInt64LE());
