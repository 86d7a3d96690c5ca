// One machine that asks for its secret, from the accepted socket to its end. Whoever it is, it gets the whole handshake and
// a goodbye; only a machine that the keep lets have it gets its secret between the two. All refusals look alike.
// Mandos network protocol, version 1: the server is the TLS client.

import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { machines, type RefusalCode } from '@chatelaine/contract';
import { clientRandomOf, openRawTls, type RawTlsConnection } from '@chatelaine/rawtls';
import type { GateServices } from '../front.ts';
import type { MandosConfig } from './mandos-config.ts';
import { judgeLine } from './protocol-line.ts';

/** Before the handshake ends: room for the largest keys, twice over. */
const HANDSHAKE_BYTES = 32_768;
/** After it a machine says goodbye and nothing else. */
const RECEIVED_BYTES = 4_096;
/** The keep mostly answers sooner than this, and then our Finished and the secret travel together. */
const HOLD_LAST_FLIGHT_MS = 20;
const NOTHING: Buffer = Buffer.alloc(0);

/** Randoms that are shown to the keep and the peer anyway, made many at a time: one by one costs more than a hash. */
const RANDOM_BYTES = 32;
const RANDOMS_AT_ONCE = 64;
let randoms = NOTHING;

const takeRandom = (): Buffer => {
  if (randoms.length === 0) randoms = randomBytes(RANDOMS_AT_ONCE * RANDOM_BYTES);
  const taken = randoms.subarray(0, RANDOM_BYTES);
  randoms = randoms.subarray(RANDOM_BYTES);
  return taken;
};

/** How a connection went. */
export type MandosOutcome =
  | { readonly kind: 'served' }
  /** The peer shook hands and was refused; every code looks the same to it. */
  | { readonly kind: 'refused'; readonly code: RefusalCode }
  /** It did not get as far as that. */
  | { readonly kind: 'broken-off'; readonly why: string };

export interface MandosConnectionOptions {
  readonly socket: Socket;
  readonly services: GateServices;
  readonly config: MandosConfig;
  /** While it is true, nobody knows whose connection it is. */
  readonly onStranger: (isStranger: boolean) => void;
}

export class MandosConnection {
  readonly #options: MandosConnectionOptions;
  readonly #source: { readonly address: string; readonly port: number };
  readonly #startedAt = performance.now();
  #hasSaidLine = false;
  #hangUp: ((why: string) => void) | undefined;
  #tls: RawTlsConnection | undefined;

  constructor(options: MandosConnectionOptions) {
    this.#options = options;
    const { remoteAddress = '', remotePort = 0 } = options.socket;
    this.#source = { address: remoteAddress.replace(/^::ffff:(?=\d+\.)/, ''), port: remotePort };
  }

  /** Where it comes from, as the socket says. */
  get address(): string {
    return this.#source.address;
  }

  /** Whether it has yet to say its first line: nothing is lost if it is ended. */
  get isIdle(): boolean {
    return !this.#hasSaidLine;
  }

  /** Sees it through to its end. Never rejects on a peer's account. */
  async serve(): Promise<MandosOutcome> {
    const { socket, services, config } = this.#options;
    const why = await this.#readLine();
    if (why !== undefined) return { kind: 'broken-off', why };
    const nonce = services.nonces.current();
    const gateRandom = takeRandom();
    const spentMs = performance.now() - this.#startedAt;
    const outcome = await openRawTls(socket, {
      role: 'client',
      priority: config.priority,
      // Without a nonce nothing can be proved, but the peer is not to see the difference.
      clientRandom: clientRandomOf(nonce ?? takeRandom(), gateRandom),
      holdLastFlightMs: HOLD_LAST_FLIGHT_MS,
      limits: {
        handshakeMs: Math.max(config.handshake_seconds * 1_000 - spentMs, 1),
        closeMs: config.goodbye_seconds * 1_000,
        handshakeBytes: HANDSHAKE_BYTES,
        receivedBytes: RECEIVED_BYTES,
      },
    });
    if (outcome.kind === 'failed') return { kind: 'broken-off', why: `${outcome.reason}: ${outcome.text}` };
    this.#tls = outcome;
    return await this.#answer(outcome, nonce, gateRandom);
  }

  /** Ends it at once. */
  destroy(): void {
    this.#hangUp?.('stopped');
    this.#tls?.destroy();
    this.#options.socket.destroy();
  }

  async #answer(tls: RawTlsConnection, nonce: Buffer | undefined, gateRandom: Buffer): Promise<MandosOutcome> {
    const { services, onStranger } = this.#options;
    if (nonce === undefined) {
      await tls.close();
      return { kind: 'refused', code: 'unavailable' };
    }
    const proof = { messages: [...tls.messages], nonce, gateRandom };
    onStranger(false);
    // The keep may let a person decide, so there is no deadline; but nobody waits for a machine that is gone.
    const answer = await services.client.call(
      machines.fetch,
      { proof, source: this.#source },
      { signal: tls.peerGone },
    );
    if (answer.kind === 'refused') {
      onStranger(true);
      await tls.close();
      return { kind: 'refused', code: answer.code };
    }
    const secret = Buffer.from(answer.value.secret.buffer, answer.value.secret.byteOffset, answer.value.secret.length);
    try {
      tls.send(secret);
    } finally {
      secret.fill(0);
    }
    const goodbye = await tls.close();
    return goodbye.kind === 'end' ? { kind: 'served' } : { kind: 'broken-off', why: 'no goodbye after the secret' };
  }

  /** Reads the first line. Resolves with undefined if TLS may begin, else the socket is closed and it says why. */
  #readLine(): Promise<string | undefined> {
    const { socket, config } = this.#options;
    return new Promise((resolve) => {
      let bytes = NOTHING;
      const settle = (why?: string): void => {
        clearTimeout(timer);
        socket.pause();
        socket.off('data', onData);
        socket.off('end', onEnd);
        socket.off('close', onClose);
        socket.off('error', onError);
        this.#hangUp = undefined;
        if (why === undefined) {
          this.#hasSaidLine = true;
        } else {
          socket.on('error', () => undefined);
          socket.destroySoon();
        }
        resolve(why);
      };
      const judge = (hasEnded: boolean): void => {
        const verdict = judgeLine(bytes, hasEnded);
        if (verdict === 'spoken') settle();
        else if (verdict === 'hang-up') settle('not the protocol line');
      };
      const onData = (chunk: Buffer): void => {
        bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
        judge(false);
      };
      const onEnd = (): void => judge(true);
      const onClose = (): void => settle('closed before the protocol line');
      const onError = (error: NodeJS.ErrnoException): void => settle(error.code ?? error.name);
      const timer = setTimeout(() => settle('no protocol line in time'), config.handshake_seconds * 1_000);
      this.#hangUp = settle;
      socket.on('data', onData);
      socket.on('end', onEnd);
      socket.on('close', onClose);
      socket.on('error', onError);
    });
  }
}
