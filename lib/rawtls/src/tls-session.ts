// One TLS session over memory: bytes of the peer go in, bytes for the peer come out, nothing waits. Whoever makes a
// session frees it; `liveSessions` counts those that were not. GnuTLS calls back only from within a call made here, so
// the callbacks find their session by its address.
// RFC 8446 (TLS 1.3), RFC 7250 (raw public keys).

import {
  type Callbacks,
  CREDENTIALS_CERTIFICATE,
  code,
  ERRNO_AGAIN,
  flag,
  type Gnutls,
  type Handle,
  HOOK_TYPE_HELLO_RETRY_REQUEST,
  loadGnutls,
  readHandle,
  SERVER_DO_NOT_ASK_FOR_CERTIFICATE,
  SHUT_WRITE,
} from './gnutls.ts';
import { messageType } from './handshake-messages.ts';
import { NativeBox } from './native-box.ts';

/** Why a session came to nothing. The text names no content. */
export interface TlsFailure {
  readonly kind: 'failed';
  readonly reason: 'protocol' | 'alert' | 'peer-closed';
  readonly text: string;
}

type Step = 'done' | 'more' | TlsFailure;

/** What a session has received: data to be wiped by the caller, the peer's close_notify, nothing yet, or a failure. */
export type Received =
  | { readonly kind: 'data'; readonly bytes: Buffer }
  | { readonly kind: 'end' }
  | { readonly kind: 'more' }
  | TlsFailure;

const MAX_RECORD_BYTES = 16_384;
const PEER_CLOSED: TlsFailure = { kind: 'failed', reason: 'peer-closed', text: 'the peer closed without close_notify' };
const END = { kind: 'end' } as const;
const MORE = { kind: 'more' } as const;

const sessions = new Map<Handle, TlsSession>();
/** What GnuTLS pushes during one call, so that it leaves in one write. Empty between calls; ciphertext only. */
const outbox = new NativeBox(2 * (MAX_RECORD_BYTES + 512));
let outboxBytes = 0;
let outboxFull: Buffer[] = [];
/** A copy of the input that is being pulled. */
const stage = new NativeBox(65_536);
const staged: { chunk: Buffer; from: number; to: number } = { chunk: Buffer.alloc(0), from: 0, to: 0 };
/** What GnuTLS shows to the hook passes through here. */
const window = new NativeBox(16_384);
/** Decrypted data passes through here, and is wiped. */
const inbox = Buffer.allocUnsafeSlow(MAX_RECORD_BYTES);
const out = Buffer.alloc(8);
const DATUM_BYTES = 16;

const spill = (): void => {
  if (outboxBytes === 0) return;
  const spilled = Buffer.allocUnsafeSlow(outboxBytes);
  outbox.bytes.copy(spilled, 0, 0, outboxBytes);
  outboxFull.push(spilled);
  outboxBytes = 0;
};

const callbacks: Callbacks = {
  push(_session, memory, sizeBytes) {
    if (outboxBytes === outbox.bytes.length) spill();
    // GnuTLS comes back with what did not fit.
    const taken = Math.min(sizeBytes, outbox.bytes.length - outboxBytes);
    outbox.load(outboxBytes, memory, taken);
    outboxBytes += taken;
    return taken;
  },
  pull: (session, memory, sizeBytes) => sessions.get(session)?.pull(memory, sizeBytes) ?? 0,
  pullTimeout: (session) => (sessions.get(session)?.hasInput ? 1 : 0),
  hook(session, type, _when, _isIncoming, message) {
    sessions.get(session)?.collect(type, message);
    return 0;
  },
};

let loaded: Gnutls | undefined;

/** GnuTLS, loaded on first use. Throws GnutlsMissingError, which names the Debian package. */
export const gnutls = (): Gnutls => {
  loaded ??= loadGnutls(callbacks);
  return loaded;
};

/** How many sessions were made and not freed. */
export const liveSessions = (): number => sessions.size;

/** A failure of GnuTLS that only a bug or a lack of memory explains. */
export class GnutlsError extends Error {
  override readonly name = 'GnutlsError';
}

/** Throws if a call that cannot fail on a peer's account did. */
export const must = (result: number, doing: string): void => {
  if (result < 0) throw new GnutlsError(`GnuTLS could not ${doing}: ${gnutls().describe(result)}`);
};

export interface SessionOptions {
  readonly role: 'client' | 'server';
  readonly priority: Handle;
  readonly credentials: Handle;
  /** ClientHello.random, 32 bytes; GnuTLS makes its own if absent. */
  readonly clientRandom?: Buffer;
}

export class TlsSession {
  readonly #handle: Handle;
  readonly #messages: Buffer[] = [];
  readonly #isClient: boolean;
  #input: Buffer[] = [];
  #output: Buffer[] = [];
  #inputAt = 0;
  #hasEnded = false;
  #isFreed = false;
  /** The last call wanted more input than there is. */
  #isStarved = false;

  /** Throws {@link GnutlsError} if a session cannot be made, and leaves nothing behind. */
  constructor(options: SessionOptions) {
    const tls = gnutls();
    this.#isClient = options.role === 'client';
    const common = flag.nonBlock | flag.enableRawPk | flag.noTickets | flag.noSignal;
    must(tls.init(out, common | (this.#isClient ? flag.client | flag.keyShareTop : flag.server)), 'make a session');
    this.#handle = readHandle(out);
    try {
      must(tls.setPriority(this.#handle, options.priority), 'set the priority');
      must(tls.setCredentials(this.#handle, CREDENTIALS_CERTIFICATE, options.credentials), 'set the key');
      if (options.clientRandom !== undefined) {
        must(
          tls.setRandom(this.#handle, { data: options.clientRandom, size: options.clientRandom.length }),
          'set the random',
        );
      }
      if (!this.#isClient) tls.askForCertificate(this.#handle, SERVER_DO_NOT_ASK_FOR_CERTIFICATE);
      tls.attach(this.#handle, this.#isClient);
    } catch (error) {
      tls.deinit(this.#handle);
      throw error;
    }
    sessions.set(this.#handle, this);
  }

  /** In the client role, after the handshake: ClientHello … CertificateVerify as in {@link HandshakeProof}. */
  get messages(): readonly Buffer[] {
    return this.#messages;
  }

  get hasInput(): boolean {
    return this.#input.length > 0 || this.#hasEnded;
  }

  /** Bytes of the peer that were not read yet. */
  get inputBytes(): number {
    return this.#input.reduce((sum, chunk) => sum + chunk.length, -this.#inputAt);
  }

  /** Bytes from the peer. They are read later, so they must not change. */
  feed(bytes: Buffer): void {
    if (bytes.length > 0) this.#input.push(bytes);
  }

  /** The peer sends no more. */
  feedEnd(): void {
    this.#hasEnded = true;
  }

  /** Goes on with the handshake as far as the input reaches. */
  handshake(): Step {
    const tls = gnutls();
    for (;;) {
      this.#isStarved = false;
      const result = tls.handshake(this.#handle);
      if (this.#mayGoOn(result)) continue;
      const step = result === code.ok ? 'done' : result === code.again ? 'more' : this.#fail(result);
      this.#gather();
      return step;
    }
  }

  /** Encrypts; afterwards the caller may wipe `bytes`. */
  send(bytes: Buffer): TlsFailure | undefined {
    const tls = gnutls();
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.length > MAX_RECORD_BYTES ? bytes.subarray(at, at + MAX_RECORD_BYTES) : bytes;
      const result = tls.recordSend(this.#handle, part, part.length);
      if (result < 0) return this.#fail(result);
      at += result;
    }
    this.#gather();
    return undefined;
  }

  /** The next record's data, in a buffer of its own. Call until it says `more`. */
  receive(): Received {
    const tls = gnutls();
    for (;;) {
      this.#isStarved = false;
      const result = tls.recordReceive(this.#handle, inbox, inbox.length);
      if (result > 0) {
        const bytes = Buffer.allocUnsafeSlow(result);
        inbox.copy(bytes, 0, 0, result);
        inbox.fill(0, 0, result);
        this.#gather();
        return { kind: 'data', bytes };
      }
      if (this.#mayGoOn(result)) continue;
      const received: Received = result === 0 ? END : result === code.again ? MORE : this.#fail(result);
      this.#gather();
      return received;
    }
  }

  /** Sends close_notify. */
  close(): void {
    gnutls().bye(this.#handle, SHUT_WRITE);
    this.#gather();
  }

  /** What is to be sent to the peer since the last time: ciphertext, in one piece. */
  takeOutput(): Buffer | undefined {
    const [first, second] = this.#output;
    const taken = second === undefined ? first : Buffer.concat(this.#output);
    if (first !== undefined) this.#output = [];
    return taken;
  }

  /** Frees it; may be called again. No other method may be called afterwards. */
  free(): void {
    if (this.#isFreed) return;
    this.#isFreed = true;
    sessions.delete(this.#handle);
    gnutls().deinit(this.#handle);
    this.#input = [];
  }

  /** For the callback only. */
  pull(memory: Handle, sizeBytes: number): number {
    const chunk = this.#input[0];
    if (chunk === undefined) {
      if (this.#hasEnded) return 0;
      this.#isStarved = true;
      gnutls().setErrno(this.#handle, ERRNO_AGAIN);
      return -1;
    }
    if (staged.chunk !== chunk || staged.from > this.#inputAt || staged.to <= this.#inputAt) {
      staged.chunk = chunk;
      staged.from = this.#inputAt;
      staged.to = staged.from + chunk.copy(stage.bytes, 0, staged.from);
    }
    const taken = Math.min(sizeBytes, staged.to - this.#inputAt);
    stage.store(this.#inputAt - staged.from, memory, taken);
    this.#inputAt += taken;
    if (this.#inputAt === chunk.length) {
      this.#input.shift();
      this.#inputAt = 0;
    }
    return taken;
  }

  /** For the callback only: keeps a handshake message, with the header that GnuTLS leaves out. */
  collect(hookType: number, message: Handle): void {
    const type = hookType === HOOK_TYPE_HELLO_RETRY_REQUEST ? messageType.serverHello : hookType;
    if (this.#messages.at(-1)?.[0] === messageType.certificateVerify) return;
    window.load(0, message, DATUM_BYTES);
    const address = readHandle(window.bytes);
    const sizeBytes = window.bytes.readUInt32LE(8);
    // Not from the pool: a slice keeps 64 kB of it alive, and so the process grows.
    const kept = Buffer.allocUnsafeSlow(4 + sizeBytes);
    kept.writeUInt32BE(sizeBytes, 0);
    kept[0] = type;
    for (let at = 0; at < sizeBytes; ) {
      const part = Math.min(sizeBytes - at, window.bytes.length);
      window.load(0, address + at, part);
      at += window.bytes.copy(kept, 4 + at, 0, part);
    }
    this.#messages.push(kept);
  }

  /**
   * Whether a call is to be made again at once. GnuTLS says "again" also after a message of its own (a session ticket, a
   * new key), with what the caller waits for still in the input. Each round uses some of the input up.
   */
  #mayGoOn(result: number): boolean {
    return result === code.warningAlertReceived || (result === code.again && !this.#isStarved);
  }

  /** After every call into GnuTLS: what it pushed is this session's. */
  #gather(): void {
    spill();
    if (outboxFull.length === 0) return;
    this.#output = this.#output.length === 0 ? outboxFull : [...this.#output, ...outboxFull];
    outboxFull = [];
  }

  #fail(result: number): TlsFailure {
    const tls = gnutls();
    if (result === code.fatalAlertReceived) {
      const text = `the peer sent the alert "${tls.nameOfAlert(tls.alertReceived(this.#handle))}"`;
      return { kind: 'failed', reason: 'alert', text };
    }
    const wasCut = this.#hasEnded && this.#input.length === 0;
    if (wasCut && (result === code.prematureTermination || result === code.unexpectedPacketLength)) return PEER_CLOSED;
    tls.sendAppropriateAlert(this.#handle, result);
    this.#gather();
    return { kind: 'failed', reason: 'protocol', text: tls.describe(result) ?? `GnuTLS error ${result}` };
  }
}
