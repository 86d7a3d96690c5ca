// Holds connections for the keep, which may open none: bytes go to and fro unread. The keep says where to; it asks only for
// what it was configured with, while it is sealed.

import net from 'node:net';
import { type Client, type OutputOf, system } from '@chatelaine/contract';
import { type Log, pause } from '@chatelaine/process';

type Order = OutputOf<typeof system.relay>;

const AGAIN_MS = 1_000;
const CONNECT_WITHIN_MS = 10_000;
const MAX_CHUNK_BYTES = 65_536;
const MAX_CONNECTIONS = 16;
const OVER = Buffer.alloc(0);

/** The connections of one stretch of orders. */
class Relayed {
  readonly #client: Client;
  readonly #sockets = new Map<number, net.Socket>();

  constructor(client: Client) {
    this.#client = client;
  }

  carryOut(order: Order): void {
    if (order.kind === 'open') this.#open(order);
    else if (order.kind === 'data') this.#sockets.get(order.id)?.write(order.data);
    else this.#sockets.get(order.id)?.end();
  }

  close(): void {
    for (const socket of this.#sockets.values()) socket.destroy();
  }

  #open({ id, address, port }: Extract<Order, { readonly kind: 'open' }>): void {
    // One call after the other, so that bytes stay in order.
    let last: Promise<unknown> = Promise.resolve();
    const tell = (data: Uint8Array): void => {
      last = last.then(() => this.#client.call(system.relayed, { id, data }));
    };
    if (net.isIP(address) === 0 || this.#sockets.size >= MAX_CONNECTIONS) {
      tell(OVER);
      return;
    }
    const socket = net.connect({ host: address, port, noDelay: true });
    this.#sockets.set(id, socket);
    const impatience = setTimeout(() => socket.destroy(), CONNECT_WITHIN_MS);
    socket.once('connect', () => clearTimeout(impatience));
    socket.on('data', (bytes) => {
      for (let at = 0; at < bytes.length; at += MAX_CHUNK_BYTES) tell(bytes.subarray(at, at + MAX_CHUNK_BYTES));
    });
    socket.on('error', () => undefined);
    socket.once('end', () => tell(OVER));
    socket.once('close', (hadError) => {
      clearTimeout(impatience);
      this.#sockets.delete(id);
      if (hadError || !socket.readableEnded) tell(OVER);
    });
  }
}

/** Relays until `signal` aborts; asks again whenever the keep was gone. */
export const relayForKeep = async (client: Client, log: Log, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    const relayed = new Relayed(client);
    try {
      const orders = await client.stream(system.relay, {}, { signal });
      if (Symbol.asyncIterator in orders) for await (const order of orders) relayed.carryOut(order);
    } catch (error) {
      if (!signal.aborted) log.debug({ err: error }, 'relaying for the keep broke off');
    } finally {
      relayed.close();
    }
    await pause(AGAIN_MS, signal);
  }
};
